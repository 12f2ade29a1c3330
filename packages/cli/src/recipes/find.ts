import { didYouMean, LimbeckError, type Recipe } from '@limbeck/core';
import { type Host, recipeProblems } from '@limbeck/core/host';

/** What a list of recipes is narrowed down to; a text fits what contains it, whatever the case. */
export interface RecipeFilter {
  /** The whole method. */
  readonly method?: string;
  /** Part of `teacher-student`. */
  readonly pair?: string;
  /** The whole data set. */
  readonly data?: string;
}

/** Every recipe of a host, by id in alphabetical order. */
export const allRecipes = (host: Host): Recipe[] =>
  host.list('recipes').map(({ id }) => host.get('recipes', id));

/** `teacher-student`. */
export const pairOf = ({ teacher, student }: Recipe): string =>
  teacher === undefined ? student : `${teacher}-${student}`;

/**
 * Recipes that fit.
 *
 * @throws LimbeckError UNKNOWN_ID where a method, pair or data set fits none at all, with suggestions
 */
export function selectRecipes(recipes: readonly Recipe[], filter: RecipeFilter): Recipe[] {
  const lower = (text: string) => text.toLowerCase();
  const fits: Readonly<Record<keyof RecipeFilter, (recipe: Recipe, wanted: string) => boolean>> = {
    method: ({ method }, wanted) => lower(method) === wanted,
    pair: (recipe, wanted) => lower(pairOf(recipe)).includes(wanted),
    data: ({ data }, wanted) => lower(data) === wanted,
  };
  const known = { method: (r: Recipe) => r.method, pair: pairOf, data: (r: Recipe) => r.data };
  let left = [...recipes];
  for (const key of ['method', 'pair', 'data'] as const) {
    const given = filter[key];
    if (given === undefined) continue;
    const wanted = lower(given);
    if (!recipes.some((recipe) => fits[key](recipe, wanted))) {
      const names = [...new Set(recipes.map(known[key]))].sort();
      throw new LimbeckError('UNKNOWN_ID', `no recipe has the ${named[key]} '${given}'`, {
        hint: didYouMean(given, names) ?? `there are: ${names.slice(0, 30).join(', ')}`,
        details: { [key]: given, known: names },
      });
    }
    left = left.filter((recipe) => fits[key](recipe, wanted));
  }
  return left;
}

const named = { method: 'method', pair: 'pair', data: 'data set' } as const;

/**
 * The recipe of an id.
 *
 * @throws LimbeckError UNKNOWN_ID with suggestions; PLUGIN_INVALID where it is not whole
 */
export function findRecipe(host: Host, id: string): Recipe {
  const ids = host.list('recipes').map((entry) => entry.id);
  if (!ids.includes(id)) {
    throw new LimbeckError('UNKNOWN_ID', `there is no recipe '${id}'`, {
      hint: suggestion(id, ids),
      details: { kind: 'recipes', id, known: nearest(id, ids) },
    });
  }
  const recipe = host.get('recipes', id);
  const problems = recipeProblems(recipe);
  if (problems.length === 0) return recipe;
  throw new LimbeckError('PLUGIN_INVALID', `recipe '${id}' is not whole:\n  ${problems.join('\n  ')}`, {
    hint: 'its plugin has to be mended',
    details: { id, problems },
  });
}

function suggestion(id: string, ids: readonly string[]): string {
  const near = nearest(id, ids);
  if (near.length === 0) return didYouMean(id, ids) ?? 'limbeck recipes lists them';
  return `did you mean ${near.map((one) => `'${one}'`).join(' or ')}?`;
}

/** Ids that share the most parts (method, data, pair, variant) with a mistyped one, three at most. */
function nearest(id: string, ids: readonly string[]): string[] {
  const parts = (text: string) => text.toLowerCase().split(/[/@]/).filter(Boolean);
  const wanted = parts(id);
  const shared = (one: string) =>
    wanted.filter((part) => parts(one).some((other) => other === part || pieces(other, part))).length;
  const scored = ids.map((one) => ({ one, score: shared(one) })).filter(({ score }) => score > 0);
  const best = Math.max(0, ...scored.map(({ score }) => score));
  const typed =
    didYouMean(id, ids)
      ?.match(/'([^']+)'/g)
      ?.map((quoted) => quoted.slice(1, -1)) ?? [];
  const ranked = scored
    .filter(({ score }) => score === best)
    .sort((a, b) => Math.abs(a.one.length - id.length) - Math.abs(b.one.length - id.length))
    .map(({ one }) => one);
  return [...new Set([...typed, ...ranked])].slice(0, 3);
}

/** Whether two pairs share a model at least. */
const pieces = (a: string, b: string): boolean => {
  const models = new Set(a.split('-'));
  return b.split('-').some((model) => model.length > 3 && models.has(model));
};

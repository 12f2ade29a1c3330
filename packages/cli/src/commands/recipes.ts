import type { Recipe } from '@limbeck/core';
import { openHostHere } from '../config/open-config.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';
import { studentConfig, teacherConfig } from '../recipes/configure.js';
import { allRecipes, findRecipe, type RecipeFilter, selectRecipes } from '../recipes/find.js';
import { printRecipe, someFile } from '../recipes/print-recipe.js';

interface Where {
  readonly config?: string;
  readonly json?: boolean;
}

/** `limbeck recipes`: lists rows of papers' tables. */
export async function recipesList(io: Io, { config, json, ...filter }: Where & RecipeFilter): Promise<void> {
  const { host } = await openHostHere(config, io.cwd);
  try {
    const found = selectRecipes(allRecipes(host), filter);
    if (json) {
      printJson(io, { recipes: found.map(listing) });
      return;
    }
    const { dim } = colorsFor(io.env, io.stdout);
    const right = { align: 'right' } as const;
    const columns = [
      { head: 'recipe' },
      { head: 'published', ...right },
      { head: 'source' },
      { head: 'runs here' },
    ];
    print(io, table(columns, found.map(row)));
    const runnable = found.filter(({ run }) => run !== undefined).length;
    print(
      io,
      dim(
        `${plural(found.length, 'recipe')}, ${runnable} of which run here; limbeck recipes show ID tells all of one`,
      ),
    );
  } finally {
    await host.dispose();
  }
}

function row({ id, published, run, blocked }: Recipe): string[] {
  const source =
    published === undefined ? '' : `${published.confidence === 'S' ? 'listed by ' : ''}${published.source}`;
  return [id, published?.top1.toFixed(2) ?? '', source, run === undefined ? `no: ${blocked}` : 'yes'];
}

/** What programs are told of a recipe in a list. */
function listing(recipe: Recipe) {
  const { id, description, method, data, teacher, student, variant, published, reports, blocked } = recipe;
  return { id, description, method, data, teacher, student, variant, published, reports, blocked };
}

/** `limbeck recipes show ID`: the protocol with its sources, and the configuration it becomes. */
export async function recipesShow(
  io: Io,
  { id, config, json }: Where & { readonly id: string },
): Promise<void> {
  const { host } = await openHostHere(config, io.cwd);
  try {
    const recipe = findRecipe(host, id);
    const student = recipe.run === undefined ? undefined : studentConfig(recipe, {}, someFile);
    const teacher = teacherConfig(recipe, {});
    if (json) printJson(io, { recipe, student, teacher });
    else print(io, ...printRecipe(recipe, { student, teacher }, colorsFor(io.env, io.stdout)));
  } finally {
    await host.dispose();
  }
}

import type { PlainRun, Recipe, RecipeFigure, RecipeValue } from '@limbeck/core';
import { stringify } from 'yaml';
import type { Colors } from '../output/color.js';
import { table } from '../output/table.js';

/** What stands in for the teacher's weights in a configuration that is shown. */
export const someFile = 'FILE';

/** A figure with its source, as far as it is to be shown: one that somebody else lists says so. */
export function describeFigure({ top1, source, confidence, note }: RecipeFigure): string {
  const listed = confidence === 'S' ? 'listed by ' : '';
  return `${top1.toFixed(2)}  (${listed}${source}${note === undefined ? '' : `; ${note}`})`;
}

/** Lines that say what was published of a recipe. */
export function describePublished({ published, teacherTop1, studentTop1, reports }: Recipe): string[][] {
  const { sd, runs, alternatives = [] } = published ?? {};
  const spread = [
    ...(sd === undefined ? [] : [`sd ${sd}`]),
    ...(runs === undefined ? [] : [`${runs} runs`]),
  ].join(', ');
  return [
    ['top-1', published === undefined ? 'no figure was found' : describeFigure(published)],
    ...(spread === '' ? [] : [['', spread]]),
    ...alternatives.map((one) => ['', describeFigure(one)]),
    ...(teacherTop1 === undefined ? [] : [['teacher', teacherTop1.toFixed(2)]]),
    ...(studentTop1 === undefined ? [] : [['student alone', studentTop1.toFixed(2)]]),
    ['epoch', { last: 'the last', best: 'the best', unknown: 'not stated whether last or best' }[reports]],
  ];
}

/** The protocol as a table: key, value, who says so. */
export function protocolTable(protocol: Recipe['protocol']): string {
  return table(
    [{ head: 'protocol' }, { head: 'value' }, { head: 'source' }],
    Object.entries(protocol).map(([key, value]) => [key, compact(value.value), sourceOf(value)]),
  );
}

function sourceOf({ from, source, reason }: RecipeValue): string {
  switch (from) {
    case 'published':
      return source!;
    case 'inferred':
      return `${source} (of another row)`;
    case 'ours':
      return `ours: ${reason}`;
    case 'open':
      return 'not found';
  }
}

function compact(value: unknown): string {
  if (value === null) return '-';
  if (Array.isArray(value)) return value.map(compact).join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${Array.isArray(inner) ? `[${compact(inner)}]` : compact(inner)}`)
    .join(', ');
}

/** Everything about a recipe, for people. */
export function printRecipe(
  recipe: Recipe,
  configs: { student?: PlainRun; teacher?: PlainRun },
  { bold, dim }: Pick<Colors, 'bold' | 'dim'>,
): string[] {
  const { id, description, cite, protocol, blocked, notes = [] } = recipe;
  const heads = [{ head: 'published' }, { head: '' }];
  return [
    bold(id),
    `${description}${cite === undefined ? '' : ` (${cite})`}`,
    '',
    table(heads, describePublished(recipe)),
    '',
    protocolTable(protocol),
    ...notes.map((note) => `* ${note}`),
    ...(notes.length === 0 ? [] : ['']),
    ...(blocked === undefined ? [] : [`cannot be run here: ${blocked}`]),
    ...(configs.student === undefined ? [] : [dim('# the student'), stringify(configs.student)]),
    ...(configs.teacher === undefined
      ? []
      : [dim('# its teacher, where none is given'), stringify(configs.teacher)]),
  ];
}

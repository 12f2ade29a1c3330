import type { PlainRun } from '../config/run-config.js';

/** A value of a recipe's protocol, and who says so. */
export interface RecipeValue {
  /** JSON: a number, a list, an object of numbers ... `null` where nothing was found. */
  readonly value: unknown;
  /**
   * `published`: read at the source. `inferred`: read there for another pair of the same method. `ours`: no source was
   * found, this project chose it. `open`: no source was found, and nothing was chosen.
   */
  readonly from: 'published' | 'inferred' | 'ours' | 'open';
  /** Where it was read: `owner/name:path[:line]` of a public repository, or an arXiv id. Required where it is published. */
  readonly source?: string;
  /** Why it was chosen, where it is ours. */
  readonly reason?: string;
}

/** A published figure: top-1 accuracy on the test split, in percent. */
export interface RecipeFigure {
  readonly top1: number;
  readonly source: string;
  /** `R`: read in the method's own repository or paper. `S`: listed by somebody else. */
  readonly confidence: 'R' | 'S';
  readonly note?: string;
}

/** What a recipe's authors report. Accuracies are top-1 in percent. */
export interface RecipePublished extends RecipeFigure {
  /** Standard deviation over runs, in points. */
  readonly sd?: number;
  /** Number of runs the figure is the mean of. */
  readonly runs?: number;
  /** Further figures for the same row. */
  readonly alternatives?: readonly RecipeFigure[];
}

/** Which evaluation of a run a published figure is: after the last epoch, or the best one. `unknown` where nobody says. */
export type RecipeReports = 'last' | 'best' | 'unknown';

/**
 * One row of a paper's table, as data: which models, method and data, the whole protocol with the source of every value, the
 * published figure, and the configuration that all of this becomes. JSON only.
 */
export interface Recipe {
  /** `method/data/teacher-student`, with `@variant` where another source trains the same row differently. */
  readonly id: string;
  readonly description: string;
  /** As published: `kd`, `fitnet`. `student` for one that is trained alone. */
  readonly method: string;
  /** Id of the data set. */
  readonly data: string;
  /** How many classes it tells apart. */
  readonly classes?: number;
  /** Names of the models as published. A student alone may name the teacher of the pair it is listed with. */
  readonly teacher?: string;
  readonly student: string;
  readonly variant?: string;
  /** Paper of the method: `arXiv:1503.02531`. */
  readonly cite?: string;
  /** Key -> value with its source: `epochs`, `lr`, `lossWeights` ... */
  readonly protocol: Readonly<Record<string, RecipeValue>>;
  readonly reports: RecipeReports;
  /** Of the runs, one each. */
  readonly seeds: readonly number[];
  /** Absent where no figure was found. */
  readonly published?: RecipePublished;
  /** Top-1 in percent of the teacher as published, for comparison with the one at hand. */
  readonly teacherTop1?: number;
  /** Top-1 in percent of the student trained alone, as published. */
  readonly studentTop1?: number;
  /**
   * The student's run, without a seed and without the weights of its teacher: `weights` are put beside its `use`, or `onnx` where it
   * has none. Absent where `blocked` says why.
   */
  readonly run?: PlainRun;
  /** The run that trains the teacher, without a seed. Absent where there is no teacher, or where it is to be brought. */
  readonly teacherRun?: PlainRun;
  /** What this project lacks to run it. Exactly one of `run` and `blocked` is there. */
  readonly blocked?: string;
  /** What people should know, a sentence each. */
  readonly notes?: readonly string[];
}

/** Declares a recipe; the identity function, with types. */
export function defineRecipe(recipe: Recipe): Recipe {
  return recipe;
}

/** What is wrong with a recipe, a phrase each; none where it is whole. */
export function recipeProblems(recipe: Recipe): string[] {
  const problems: string[] = [];
  const { protocol, published, run, blocked, teacherRun, teacher, reports, seeds } = recipe;
  for (const [key, value] of Object.entries(protocol ?? {})) problems.push(...valueProblems(key, value));
  const figures = published === undefined ? [] : [published, ...(published.alternatives ?? [])];
  for (const figure of figures) problems.push(...figureProblems(figure));
  if (published?.sd !== undefined && !(published.sd >= 0)) problems.push(`published.sd is ${published.sd}`);
  if (published?.runs !== undefined && !isCount(published.runs))
    problems.push(`published.runs is ${published.runs}`);
  for (const key of ['teacherTop1', 'studentTop1'] as const) {
    if (recipe[key] !== undefined && !isPercent(recipe[key])) problems.push(`${key} is ${recipe[key]}`);
  }
  if (!['last', 'best', 'unknown'].includes(reports)) problems.push(`reports is ${String(reports)}`);
  if (!Array.isArray(seeds) || seeds.length === 0 || !seeds.every((seed) => isCount(seed + 1)))
    problems.push('seeds are not a list of whole numbers from 0 on');
  if ((run === undefined) === (blocked === undefined))
    problems.push('it must have either `run` or `blocked`, which says why there is none');
  if (run?.distiller !== undefined && teacher === undefined) problems.push('a method needs a teacher');
  if (run?.teacher === undefined && teacherRun !== undefined)
    problems.push('it says how its teacher is had, and its run has none');
  if (!isJson(recipe)) problems.push('it holds something that is no JSON');
  return problems;
}

function valueProblems(key: string, { value, from, source, reason }: RecipeValue): string[] {
  const at = `protocol.${key}`;
  if (from === 'open') return value === null ? [] : [`${at} is open, and has a value`];
  if (value === null || value === undefined) return [`${at} has no value, and is not open`];
  if (from === 'ours') return reason === undefined ? [`${at} is ours, and does not say why`] : [];
  if (from !== 'published' && from !== 'inferred') return [`${at}.from is ${String(from)}`];
  return source === undefined ? [`${at} has no source`] : [];
}

function figureProblems({ top1, source, confidence }: RecipeFigure): string[] {
  return [
    ...(isPercent(top1) ? [] : [`a published figure is ${top1}, expected a percentage`]),
    ...(source ? [] : ['a published figure has no source']),
    ...(confidence === 'R' || confidence === 'S' ? [] : [`a figure's confidence is ${String(confidence)}`]),
  ];
}

const isPercent = (value: number): boolean => value > 0 && value <= 100;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== 'object') return false;
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  return isPlain && Object.values(value).every((one) => one === undefined || isJson(one));
}

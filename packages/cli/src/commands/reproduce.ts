import { existsSync } from 'node:fs';
import path from 'node:path';
import { LimbeckError, type Recipe } from '@limbeck/core';
import { canonicalJson, type ResolvedConfig } from '@limbeck/core/host';
import { shown } from '../config/load-config.js';
import { openHostHere } from '../config/open-config.js';
import { plainError } from '../errors/plain-error.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { plural } from '../output/numbers.js';
import { print } from '../output/print.js';
import { requireClasses } from '../recipes/check-data.js';
import { checkTeacher } from '../recipes/check-teacher.js';
import { usualFolder } from '../recipes/configure.js';
import { findRecipe } from '../recipes/find.js';
import { orderRuns, type RecipeOrder, type RecipeOrders } from '../recipes/orders.js';
import { planRuns } from '../recipes/plan.js';
import { figureSources, reproductionTable } from '../recipes/print-reproduction.js';
import {
  beginIn,
  type ReproductionRecord,
  readJson,
  readRecord,
  recipeFiles,
  writeJson,
} from '../recipes/record.js';
import { type Reproduction, reproductionOf, reproductionsIn } from '../recipes/result.js';
import { surroundings, work } from '../worker/work.js';
import { showTraining } from './train.js';

export interface ReproduceOptions {
  readonly id?: string;
  /** How many. */
  readonly seeds: number;
  /** Folder of the data. */
  readonly data?: string;
  /** File of the teacher's weights. */
  readonly teacher?: string;
  readonly scale: number;
  readonly plan?: boolean;
  readonly out?: string;
  /** Folder of stored reproductions. */
  readonly check?: string;
  readonly acceptTeacher?: boolean;
  readonly set?: readonly string[];
  readonly config?: string;
  readonly json?: boolean;
}

/** `limbeck reproduce ID`: trains a row of a paper's table as published, and compares. */
export async function reproduce(io: Io, options: ReproduceOptions): Promise<void> {
  const { id, check, config } = options;
  if (check !== undefined) return checkStored(io, path.resolve(io.cwd, check), options);
  if (id === undefined) {
    throw new LimbeckError('USAGE', 'the id of a recipe is missing', { hint: 'limbeck recipes lists them' });
  }
  const { host, configured, file } = await openHostHere(config, io.cwd);
  let recipe: Recipe;
  try {
    recipe = findRecipe(host, id);
  } finally {
    await host.dispose();
  }
  const plugins = configured === undefined ? [] : pluginsOf(configured, file!);
  const record: ReproductionRecord = {
    recipe,
    scale: options.scale,
    set: options.set ?? [],
    ...(plugins.length === 0 ? {} : { plugins }),
    ...(options.teacher === undefined ? {} : { teacher: path.resolve(io.cwd, options.teacher) }),
  };
  if (options.plan) return planRuns(io, record, options);
  return run(io, record, options);
}

/**
 * Plugins of the configuration that was found, as another one names them.
 *
 * @throws LimbeckError PRECONDITION where one is written in the configuration itself
 */
function pluginsOf({ plugins }: Pick<ResolvedConfig, 'plugins'>, file: string): string[] {
  return plugins.map((listed) => {
    const name: unknown = Array.isArray(listed) ? listed[0] : listed;
    if (typeof name === 'string' && !Array.isArray(listed))
      return name.startsWith('.') ? path.resolve(path.dirname(file), name) : name;
    throw new LimbeckError('PRECONDITION', `${file} writes a plugin itself, or gives one options`, {
      hint: 'recipes run with plugins that are named by package or path alone',
    });
  });
}

async function run(io: Io, record: ReproductionRecord, options: ReproduceOptions): Promise<void> {
  const { recipe, scale } = record;
  const { json, data, seeds, acceptTeacher = false } = options;
  const folder = path.resolve(io.cwd, options.out ?? usualFolder(recipe, { scale }));
  if (recipe.run === undefined) refuseBlocked(recipe);
  requireTeacherFile(record);
  beginIn(folder, record);
  const orders = await orderRuns(folder, record, { data, seeds, cwd: io.cwd });
  if (!json) announce(io, recipe, orders, folder);
  const [first] = orders.students;
  const request = { ...surroundings(io), config: first!.config, set: first!.set };
  requireClasses(recipe, await work(io, 'data', request, () => undefined));
  try {
    if (orders.teacher !== undefined) await trainOne(io, orders.teacher, `teacher ${recipe.teacher}`, json);
    if (orders.weights !== undefined) {
      // a teacher that was trained for a while is not the published one, and nobody says it is
      const accepted = acceptTeacher || (orders.teacher !== undefined && scale !== 1);
      await checkTeacher(io, recipe, { file: orders.weights, folder, set: record.set, accepted });
    }
    for (const [i, order] of orders.students.entries()) {
      await trainOne(io, order, `${i + 1}/${orders.students.length} ${order.label}`, json);
    }
  } catch (error) {
    throw resumable(error, io, folder);
  }
  const result = reproductionOf(folder, record)!;
  writeJson(path.join(folder, recipeFiles.table), result);
  if (json) io.stdout.write(`${JSON.stringify({ type: 'reproduction', folder, ...result })}\n`);
  else print(io, '', ...report([result]), `table  ${shown(path.join(folder, recipeFiles.table), io.cwd)}`);
}

function refuseBlocked({ id, blocked }: Recipe): never {
  throw new LimbeckError('PRECONDITION', `recipe '${id}' cannot be run: ${blocked}`, {
    hint: 'limbeck recipes lists those that can; this one is there for its figure',
    details: { id, blocked },
  });
}

function requireTeacherFile({ teacher }: ReproductionRecord): void {
  if (teacher === undefined || existsSync(teacher)) return;
  throw new LimbeckError('NOT_FOUND', `there are no weights of the teacher in ${teacher}`, {
    hint: 'name the file with --teacher, or leave it out to train the teacher first',
    details: { path: teacher },
  });
}

function announce(io: Io, recipe: Recipe, { teacher, students }: RecipeOrders, folder: string): void {
  const { bold, dim } = colorsFor(io.env, io.stdout);
  const all = [...(teacher === undefined ? [] : [teacher]), ...students];
  const finished = all.filter(({ standing }) => standing === 'finished').length;
  print(
    io,
    bold(recipe.description),
    `${plural(all.length, 'run')} in ${shown(folder, io.cwd)}${finished === 0 ? '' : `, ${finished} of them finished before`}`,
    dim('when stopped, the same command goes on'),
  );
}

/** Trains, goes on with, or leaves as it is. */
async function trainOne(io: Io, order: RecipeOrder, label: string, json: boolean | undefined): Promise<void> {
  const { folder, standing, config, set } = order;
  const { bold, dim } = colorsFor(io.env, io.stdout);
  if (json) io.stdout.write(`${JSON.stringify({ type: 'run', label, folder, standing })}\n`);
  else print(io, `${bold(label)}${dim(standing === 'finished' ? '  finished before' : '')}`);
  if (standing === 'finished') return;
  const which = standing === 'stopped' ? { resume: folder } : { config, set, out: folder };
  await showTraining(io, which, { json });
}

function resumable(error: unknown, io: Io, folder: string): unknown {
  const { code, message, details } = plainError(error);
  if (code !== 'INTERRUPTED') return error;
  return new LimbeckError('INTERRUPTED', message, {
    hint: `give the same command to go on in ${shown(folder, io.cwd)}`,
    details,
    cause: error,
  });
}

const report = (reproductions: readonly Reproduction[]): string[] => {
  const sources = figureSources(reproductions);
  return [
    reproductionTable(reproductions),
    'top-1 in percent, mean ± standard deviation over seeds',
    ...(sources.length === 0 ? [] : ['published figures:', ...sources.map((line) => `  ${line}`)]),
  ];
};

/** `limbeck reproduce --check DIR`: computes every stored table again from its run folders. */
async function checkStored(io: Io, folder: string, { json }: ReproduceOptions): Promise<void> {
  const computed = reproductionsIn(folder).flatMap((one) => {
    const result = reproductionOf(one, readRecord(one)!);
    return result === undefined ? [] : [{ folder: one, result }];
  });
  const wrong = computed.filter(({ folder: one, result }) => {
    const stored = path.join(one, recipeFiles.table);
    return existsSync(stored) && text(readJson(stored)) !== text(result);
  });
  if (json) {
    const tables = computed.map(({ folder: one, result }) => ({ folder: one, ...result }));
    io.stdout.write(`${JSON.stringify({ type: 'check', tables, wrong: wrong.map((one) => one.folder) })}\n`);
  } else print(io, ...report(computed.map(({ result }) => result)));
  if (wrong.length === 0) {
    if (!json) print(io, `${plural(computed.length, 'table')} computed again: they say what is stored`);
    return;
  }
  const places = wrong.map((one) => path.join(shown(one.folder, io.cwd), recipeFiles.table));
  throw new LimbeckError(
    'VERIFY_FAILED',
    `stored tables are not what their runs give: ${places.join(', ')}`,
    {
      hint: 'give the command that made the runs again, which writes the table anew',
      details: { wrong: wrong.map((one) => one.folder) },
    },
  );
}

const text = (value: unknown): string => canonicalJson(JSON.parse(JSON.stringify(value)));

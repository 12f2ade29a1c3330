import path from 'node:path';
import { nextRunFolder, runName } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { writeAtomically } from '@limbeck/trainer';
import { shown } from '../config/load-config.js';
import { type ConfigChoice, changed, openConfig, openHost } from '../config/open-config.js';
import { plainError } from '../errors/plain-error.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { duration, plural } from '../output/numbers.js';
import { print } from '../output/print.js';
import { checkSizes } from '../tune/check-sizes.js';
import { defaultGrid, parseGrid } from '../tune/grid.js';
import { plotTuned } from '../tune/plot.js';
import { printTuned } from '../tune/print-tuned.js';
import { resultOf, type Standing, standingOf } from '../tune/standing.js';
import { planSweep, type SweepRun } from '../tune/sweep.js';
import type { TuneResult } from '../worker/tune-task.js';
import { surroundings, work } from '../worker/work.js';
import { showTraining } from './train.js';

export interface TuneProjectorSizeOptions extends ConfigChoice {
  /** Comma-separated. */
  readonly projectors?: string;
  /** Comma-separated. */
  readonly reductions?: string;
  readonly epochs?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** A run of the search, and how far it has come. */
interface Order extends SweepRun {
  /** Run folder, absolute. */
  readonly folder: string;
  readonly standing: Standing;
}

/**
 * `limbeck tune projector-size [CONFIG]`: trains a classifier-sharing student with projectors of every size asked for,
 * and alone, and sets what they deploy side by side. Called again with the same folder it goes on where it was stopped.
 */
export async function tuneProjectorSize(io: Io, options: TuneProjectorSizeOptions): Promise<void> {
  const { config, set, json } = options;
  const opened = await openConfig({ config, set }, io.cwd);
  const sizes = parseGrid(
    options.projectors ?? defaultGrid.projectors,
    options.reductions ?? defaultGrid.reductions,
  );
  const runs = planSweep(opened.config, sizes, { epochs: parseEpochs(options.epochs), set });
  const host = await openHost(opened);
  try {
    await checkSizes(runs, opened, host, io);
  } finally {
    await host.dispose();
  }
  const folder = path.resolve(io.cwd, options.out ?? nextRunFolder(`tune-${runName(opened.config)}`, io.cwd));
  const orders = runs.map((run): Order => {
    const place = path.join(folder, run.name);
    const { config: own } = changed(opened, run.set, io.cwd);
    return { ...run, folder: place, standing: standingOf(place, own) };
  });
  if (!json) announce(io, orders, folder);
  const result = await search(io, orders, { ...options, folder });
  const files = { json: path.join(folder, 'tune.json'), plot: path.join(folder, 'tune.svg') };
  writeAtomically(files.json, `${JSON.stringify(result, null, 2)}\n`);
  writeAtomically(files.plot, plotTuned(result));
  if (json) io.stdout.write(`${JSON.stringify({ type: 'tune', ...result, files })}\n`);
  else {
    printTuned(io, result);
    print(io, '', `table  ${shown(files.json, io.cwd)}`, `plot   ${shown(files.plot, io.cwd)}`);
  }
}

/** Says beforehand how much there is to do and where, since a process that is killed cannot. */
function announce(io: Io, orders: readonly Order[], folder: string): void {
  const { dim } = colorsFor(io.env, io.stdout);
  const place = shown(folder, io.cwd);
  const finished = orders.filter(({ standing }) => standing === 'finished').length;
  print(
    io,
    `${plural(orders.length, 'run')} in ${place}${finished === 0 ? '' : `, ${finished} of them finished before`}`,
    dim(`when stopped, the same command with --out ${place} goes on`),
  );
}

/** Trains what is left to train, then measures everything. */
async function search(
  io: Io,
  orders: readonly Order[],
  options: TuneProjectorSizeOptions & { readonly folder: string },
): Promise<TuneResult> {
  const { config, set, json, folder } = options;
  try {
    for (const i of orders.keys()) await trainOne(io, orders, i, options);
    const request = { ...surroundings(io), config, set, folder, runs: orders };
    return await work(io, 'tune', request, (message) => {
      if (message.type === 'note' && !json) print(io, message.text);
    });
  } catch (error) {
    const { code, message, details } = plainError(error);
    if (code !== 'INTERRUPTED') throw error;
    throw new LimbeckError('INTERRUPTED', message, {
      hint: `give the same command with --out ${shown(folder, io.cwd)} to go on`,
      details,
      cause: error,
    });
  }
}

/** Trains, goes on with, or leaves as it is. */
async function trainOne(
  io: Io,
  orders: readonly Order[],
  i: number,
  { config, json }: TuneProjectorSizeOptions,
): Promise<void> {
  const { label, folder, standing, set } = orders[i]!;
  const { bold, dim } = colorsFor(io.env, io.stdout);
  const place = `${i + 1}/${orders.length}`;
  const note = standing === 'finished' ? '  finished before' : timeLeft(orders, i);
  if (json) io.stdout.write(`${JSON.stringify({ type: 'run', place, label, folder, standing })}\n`);
  else print(io, `${bold(`${place} ${label}`)}${dim(note)}`);
  if (standing === 'finished') return;
  const which = standing === 'stopped' ? { resume: folder } : { config, set, out: folder };
  await showTraining(io, which, { json });
}

/** For this run and all after it, as long as those with projectors took so far; nothing before one of them has finished. */
function timeLeft(orders: readonly Order[], from: number): string {
  const sized = orders.filter(({ size }) => size !== undefined);
  const done = sized.filter((order) => order.standing === 'finished' || orders.indexOf(order) < from);
  if (done.length === 0) return '';
  const seconds = done.map(({ folder }) => resultOf(folder).seconds).reduce((a, b) => a + b);
  return `  about ${duration((seconds / done.length) * (sized.length - done.length))} to go`;
}

/** @throws LimbeckError USAGE */
function parseEpochs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const epochs = Number(text);
  if (Number.isSafeInteger(epochs) && epochs > 0) return epochs;
  throw new LimbeckError('USAGE', `--epochs ${text} is no number of epochs`, {
    hint: 'write --epochs 6',
  });
}

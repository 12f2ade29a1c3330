import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { LimbeckError, type Recipe } from '@limbeck/core';
import { canonicalJson } from '@limbeck/core/host';
import { type RunResult, runFiles } from '@limbeck/trainer';
import { type ReproductionRecord, readJson, readRecord, recipeFiles } from './record.js';
import { type Spread, spreadOf, type Verdict, verdictOf } from './verdict.js';

/** One finished run of a recipe. Accuracies are top-1 in percent. */
export interface SeedResult {
  readonly seed: number;
  readonly last: number;
  readonly best: number;
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly seconds: number;
  /** SHA-256 of the complete configuration, the seed left out. */
  readonly configuration: string;
}

/** What came of a recipe here. */
export interface Reproduction {
  readonly id: string;
  readonly scale: number;
  readonly runs: readonly SeedResult[];
  readonly last: Spread;
  readonly best: Spread;
  readonly published?: Recipe['published'];
  /** Top-1 of the teacher on our test images, in percent, and as published. */
  readonly teacher?: { readonly top1: number; readonly published?: number };
  /** Absent where nothing was published, or where less was trained than published. */
  readonly verdict?: Verdict;
  /** Where the runs took place; of the first one. */
  readonly environment: Readonly<Record<string, unknown>>;
}

const seedFolder = /^seed-(\d+)$/;

export const folderOfSeed = (folder: string, seed: number): string => path.join(folder, `seed-${seed}`);

/** Computes what came of the finished runs in a folder; nothing where there are none. @throws LimbeckError BAD_FILE */
export function reproductionOf(folder: string, record: ReproductionRecord): Reproduction | undefined {
  const seeds = readdirSync(folder)
    .flatMap((name) => seedFolder.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((seed) => existsSync(path.join(folderOfSeed(folder, seed), runFiles.result)))
    .sort((a, b) => a - b);
  if (seeds.length === 0) return undefined;
  const runs = seeds.map((seed) => seedResult(folder, seed));
  refuseMixed(folder, runs);
  const { recipe, scale } = record;
  const last = spreadOf(runs.map((run) => run.last));
  const best = spreadOf(runs.map((run) => run.best));
  const first = folderOfSeed(folder, seeds[0]!);
  const teacher = teacherOf(readJson<RunResult>(path.join(first, runFiles.result)));
  return {
    id: recipe.id,
    scale,
    runs,
    last,
    best,
    published: recipe.published,
    ...(teacher === undefined ? {} : { teacher: { top1: teacher, published: recipe.teacherTop1 } }),
    verdict: scale === 1 ? verdictOf(recipe, { last, best }) : undefined,
    environment: environmentOf(readJson(path.join(first, runFiles.environment))),
  };
}

const percent = (share: number | undefined): number => Number((100 * (share ?? Number.NaN)).toFixed(4));

function seedResult(folder: string, seed: number): SeedResult {
  const run = folderOfSeed(folder, seed);
  const { last, best, epochs, seconds } = readJson<RunResult>(path.join(run, runFiles.result));
  const config = readJson<{ train: { seed: number } }>(path.join(run, runFiles.config));
  if (config.train.seed !== seed) {
    throw new LimbeckError('BAD_FILE', `${run} was trained with seed ${config.train.seed}`, {
      hint: 'its name must say its seed: restore the folder',
      details: { folder: run },
    });
  }
  return {
    seed,
    last: percent(last.top1),
    best: percent(best.top1),
    bestEpoch: best.epoch,
    epochs,
    seconds,
    configuration: hashOf(config),
  };
}

/** The hash is of what is common to the runs. */
function hashOf(config: { train: object }): string {
  const { seed: _, ...train } = config.train as { seed: number };
  return createHash('sha256')
    .update(canonicalJson({ ...config, train } as never))
    .digest('hex');
}

function refuseMixed(folder: string, runs: readonly SeedResult[]): void {
  const other = runs.find(({ configuration }) => configuration !== runs[0]!.configuration);
  if (other === undefined) return;
  throw new LimbeckError(
    'PRECONDITION',
    `${folderOfSeed(folder, other.seed)} was trained with another configuration than ${folderOfSeed(folder, runs[0]!.seed)}`,
    { hint: 'move one of them away: a mean is of runs that differ in their seed alone', details: { folder } },
  );
}

const teacherOf = ({ teachers }: RunResult): number | undefined => {
  const [sole] = Object.values(teachers);
  return sole?.metrics?.top1 === undefined ? undefined : percent(sole.metrics.top1);
};

function environmentOf(recorded: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { limbeck, node, platform, cpu, cores, backends, git } = recorded;
  return { limbeck, node, platform, cpu, cores, backends, git };
}

/** Folders with a reproduction: this one, or those in it. @throws LimbeckError NOT_FOUND */
export function reproductionsIn(folder: string): string[] {
  if (readRecord(folder) !== undefined) return [folder];
  const inside = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter(
          (entry) => entry.isDirectory() && existsSync(path.join(folder, entry.name, recipeFiles.record)),
        )
        .map(({ name }) => path.join(folder, name))
        .sort()
    : [];
  if (inside.length > 0) return inside;
  throw new LimbeckError('NOT_FOUND', `there is no reproduction in ${folder}`, {
    hint: `limbeck reproduce ID writes one; its folder holds a ${recipeFiles.record}`,
    details: { path: folder },
  });
}

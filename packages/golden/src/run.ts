import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { z } from 'zod';
import { backbonesFile, runBackbones } from './backbones.js';
import { lossesFile } from './losses/file.js';
import { runLosses } from './losses/run.js';
import { metricsFile, runMetrics } from './metrics.js';
import type { GoldenContext, Outcome } from './outcome.js';
import { runTrajectory, trajectoryFile } from './trajectory.js';

interface Kind<S extends z.ZodType> {
  readonly schema: S;
  readonly run: (file: z.infer<S>, context: GoldenContext) => AsyncGenerator<Outcome> | Generator<Outcome>;
}

const kind = <S extends z.ZodType>(schema: S, run: Kind<S>['run']): Kind<z.ZodType> => ({
  schema,
  run: run as never,
});

/** What each file of a golden folder holds, by name. */
const kinds: Readonly<Record<string, Kind<z.ZodType>>> = {
  'backbones.json': kind(backbonesFile, runBackbones),
  'losses.json': kind(lossesFile, runLosses),
  'published-backbones.json': kind(backbonesFile, runBackbones),
  'metrics.json': kind(metricsFile, runMetrics),
  'trajectory.json': kind(trajectoryFile, runTrajectory),
};

/**
 * Runs every case of a folder of golden files, one after another. A file or case that cannot be understood is an
 * outcome, not an exception, so that one of them hides no other.
 *
 * @param only names of the files to run, without .json; default all
 * @throws LimbeckError NOT_FOUND where the folder cannot be read or holds no golden file, or not those that are named
 */
export async function* runGolden(
  folder: string,
  context: GoldenContext,
  { only }: { readonly only?: readonly string[] } = {},
): AsyncGenerator<Outcome> {
  const all = (await listFolder(folder)).filter((file) => file.endsWith('.json')).sort();
  const absent = only?.find((name) => !all.includes(`${name}.json`));
  if (absent !== undefined) throw new LimbeckError('NOT_FOUND', `${folder} holds no ${absent}.json`);
  const files =
    only === undefined ? all : all.filter((file) => only.includes(file.slice(0, -'.json'.length)));
  if (files.length === 0) throw new LimbeckError('NOT_FOUND', `${folder} holds no golden files (*.json)`);
  for (const file of files) {
    const found = kinds[file];
    if (found === undefined) {
      yield { name: file, status: 'unknown', detail: 'no kind of golden file has this name' };
      continue;
    }
    try {
      const parsed = found.schema.safeParse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        yield { name: file, status: 'unreadable', detail: `${issue!.path.join('.')}: ${issue!.message}` };
        continue;
      }
      yield* found.run(parsed.data, context);
    } catch (error) {
      yield {
        name: file,
        status: 'unreadable',
        detail: error instanceof Error ? error.message : String(error),
      };
    }
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new LimbeckError('NOT_FOUND', `${folder} cannot be read`, {
      hint: 'give a folder shaped like test/golden',
      cause,
    });
  }
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { withRecorded } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { canonicalJson, configToJson, type ResolvedConfig } from '@limbeck/core/host';
import { type RunResult, readRegularText, runFiles } from '@limbeck/trainer';

/** How far a run of a search has come. */
export type Standing = 'new' | 'stopped' | 'finished';

/**
 * Finds out how far a run has come.
 *
 * @param config what it would be trained with now
 * @throws LimbeckError PRECONDITION where it was trained with something else, BAD_FILE
 */
export function standingOf(folder: string, config: ResolvedConfig): Standing {
  const record = path.join(folder, runFiles.config);
  if (!existsSync(record)) return 'new';
  const before = readJson(record) as ResolvedConfig;
  const now = configToJson(withRecorded(config, before));
  if (canonicalJson(now) !== canonicalJson(before as never)) {
    throw new LimbeckError('PRECONDITION', `${folder} was trained with another configuration`, {
      hint: `${record} holds what it said: restore that, or choose another folder with --out`,
      details: { folder },
    });
  }
  return existsSync(path.join(folder, runFiles.result)) ? 'finished' : 'stopped';
}

/** What came of a finished run. */
export const resultOf = (folder: string): RunResult =>
  readJson(path.join(folder, runFiles.result)) as RunResult;

function readJson(file: string): unknown {
  try {
    return JSON.parse(readRegularText(file));
  } catch (cause) {
    throw new LimbeckError('BAD_FILE', `cannot read ${file}: ${(cause as Error).message}`, {
      hint: 'remove the folder of that run to train it again',
      details: { path: file },
      cause,
    });
  }
}

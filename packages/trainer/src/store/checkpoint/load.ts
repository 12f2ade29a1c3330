import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { readSafetensors } from '@limbeck/formats';
import type { StateDict } from '@limbeck/graph';
import { readRegular, readRegularText } from '../../files/regular.js';
import { hashOf } from '../../run/identity.js';
import { checkpointName, type Manifest, manifestSchema, manifestVersion, stepOf } from './manifest.js';

/** A checkpoint on disk. */
export interface Checkpoint {
  /** Path of the tensors. */
  readonly path: string;
  readonly manifest: Manifest;
  readonly state: StateDict;
}

/** Steps of the checkpoints in a folder, latest first. Nothing says yet that they are sound. */
export function listCheckpoints(folder: string): number[] {
  return readdirSync(folder)
    .map(stepOf)
    .filter((step) => step !== undefined)
    .sort((a, b) => b - a);
}

/**
 * The latest checkpoint whose checksums are right.
 *
 * @param onCorrupt hears of every later one that is not, with what is wrong with it
 * @returns undefined where there is none at all
 * @throws LimbeckError CHECKPOINT_CORRUPT where there are some but none is sound
 */
export function latestCheckpoint(
  folder: string,
  onCorrupt: (path: string, problem: string) => void,
): Checkpoint | undefined {
  const steps = listCheckpoints(folder);
  const tried: string[] = [];
  for (const step of steps) {
    const path = join(folder, checkpointName(step));
    try {
      return readCheckpoint(path, step);
    } catch (error) {
      const problem = (error as Error).message;
      tried.push(`${path}: ${problem}`);
      onCorrupt(path, problem);
    }
  }
  if (tried.length === 0) return undefined;
  throw new LimbeckError('CHECKPOINT_CORRUPT', `no sound checkpoint is left:\n  ${tried.join('\n  ')}`, {
    hint: 'restore one from a backup, or start another run',
    details: { tried },
  });
}

/**
 * The checkpoint of a step.
 *
 * @returns undefined where there is none
 * @throws LimbeckError CHECKPOINT_CORRUPT where its checksums are wrong
 */
export function checkpointAt(folder: string, step: number): Checkpoint | undefined {
  if (!listCheckpoints(folder).includes(step)) return undefined;
  const path = join(folder, checkpointName(step));
  try {
    return readCheckpoint(path, step);
  } catch (cause) {
    throw new LimbeckError('CHECKPOINT_CORRUPT', `${path} cannot be used: ${(cause as Error).message}`, {
      hint: 'restore it from a backup, or take another epoch',
      details: { path },
      cause,
    });
  }
}

/** Reads and verifies one checkpoint; any error's message says what is wrong with it. */
function readCheckpoint(path: string, step: number): Checkpoint {
  const manifest = readManifest(`${path}.json`);
  if (manifest.progress.step !== step) {
    throw new Error(`its manifest is that of step ${manifest.progress.step}`);
  }
  const tensors = `${path}.safetensors`;
  const bytes = readRegular(tensors);
  if (bytes.length !== manifest.tensors.bytes) {
    throw new Error(`it has ${bytes.length} bytes, ${manifest.tensors.bytes} were written`);
  }
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.tensors.sha256) {
    throw new Error('its tensors do not have the SHA-256 they were written with');
  }
  return { path: tensors, manifest, state: readSafetensors(bytes, { source: tensors }).tensors };
}

function readManifest(path: string): Manifest {
  let content: unknown;
  try {
    content = JSON.parse(readRegularText(path));
  } catch (error) {
    throw new Error(`its manifest cannot be read: ${(error as Error).message}`);
  }
  const version = (content as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== manifestVersion) {
    throw new Error(`its format has version ${version}, this program reads ${manifestVersion}`);
  }
  const { data: manifest, error } = manifestSchema.safeParse(content);
  if (manifest === undefined) {
    const issue = error?.issues[0];
    throw new Error(`its manifest is not sound: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  // as it was written: what an older version wrote of its progress is read in today's terms
  const { sha256, ...signed } = content as Manifest;
  if (hashOf(signed) !== sha256)
    throw new Error('its manifest does not have the SHA-256 it was written with');
  return manifest;
}

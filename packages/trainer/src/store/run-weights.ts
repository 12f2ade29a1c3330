import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { didYouMean, LimbeckError } from '@limbeck/core';
import { readSafetensors } from '@limbeck/formats';
import { z } from 'zod';
import { readRegular, readRegularText } from '../files/regular.js';
import { isPlaced, placed, studentPart, weightsAlone, withAverages } from '../run/training-state.js';
import type { Weights } from '../run/weights.js';
import { checkpointAt, listCheckpoints } from './checkpoint/load.js';
import { runFiles } from './run-folder.js';

/** An epoch of a run's main phase, counted from 1; or the one its files hold. */
export type RunEpoch = number | 'last' | 'best' | 'deployed';

/** Weights of a run, and the epoch they are of. */
export interface RunWeights extends Weights {
  /** Absent for a run of a version that did not note it down. */
  readonly epoch?: number | undefined;
}

const epochEvent = z.object({
  type: z.literal('epoch'),
  phase: z.undefined().optional(),
  epoch: z.int(),
  step: z.int(),
  test: z.record(z.string(), z.number()).optional(),
  best: z.boolean().optional(),
});

const place = z.object({ epoch: z.int(), as: z.enum(['last', 'best']) });
const ended = z.object({ exported: place.extend({ other: place.optional() }).optional() });

type EpochLine = z.output<typeof epochEvent>;

/**
 * The weights a run had after one of its epochs: from the files it wrote at its end, or from a checkpoint it kept.
 *
 * @param part `deployed`: all that is deployed, as `student.safetensors` holds it; `student`: the student's own
 * @throws LimbeckError NOT_FOUND naming the epochs that are kept; CHECKPOINT_CORRUPT, BAD_FILE
 */
export function readRunWeights(
  folder: string,
  wanted: RunEpoch,
  part: 'deployed' | 'student' = 'deployed',
): RunWeights {
  const file = join(folder, runFiles.student);
  const written = existsSync(file) ? weightsIn(file) : undefined;
  const exported = endOf(folder);
  if (wanted === 'deployed') {
    if (written === undefined) throw unfinished(folder);
    return { ...only(written, part), epoch: exported?.epoch };
  }
  const epochs = epochLines(folder);
  const line = findEpoch(epochs, wanted);
  if (line !== undefined && written !== undefined && line.epoch === exported?.epoch) {
    return { ...only(written, part), epoch: line.epoch };
  }
  const { other } = exported ?? {};
  if (line !== undefined && line.epoch === other?.epoch) {
    const beside = join(folder, runFiles.others[other.as]);
    if (existsSync(beside)) return { ...only(weightsIn(beside), part), epoch: line.epoch };
  }
  const checkpoints = join(folder, runFiles.checkpoints);
  const kept = line && existsSync(checkpoints) ? checkpointAt(checkpoints, line.step) : undefined;
  if (kept === undefined) throw notKept(folder, wanted, epochs);
  const ema = kept.manifest.identity.ema as { deploy?: boolean } | undefined;
  const trained = weightsAlone(ema?.deploy === true ? withAverages(kept.state) : kept.state);
  const weights: Weights = {
    source: kept.path,
    // what is frozen stands in the run's files alone
    tensors: new Map([...(written === undefined ? [] : placed(written.tensors)), ...trained]),
    metadata: describe(written?.metadata, line!),
    // a checkpoint holds more than what is deployed
    strict: false,
  };
  return { ...only(weights, part), epoch: line!.epoch };
}

const weightsIn = (source: string): Weights => {
  const { tensors, metadata } = readSafetensors(readRegular(source), { source });
  return { source, tensors, metadata };
};

/** The student's own weights under their published names; `deployed` is everything. */
function only(weights: Weights, part: 'deployed' | 'student'): Weights {
  if (part === 'deployed' || !isPlaced(weights.tensors)) return weights;
  return { ...weights, tensors: studentPart(weights.tensors), strict: undefined };
}

/** What the run's file says, for another of its epochs. */
function describe(metadata: Weights['metadata'], { epoch, test }: EpochLine): Weights['metadata'] {
  if (metadata === undefined) return undefined;
  const { 'limbeck.metrics': _, ...rest } = metadata;
  const metrics: Record<string, string> =
    test === undefined ? {} : { 'limbeck.metrics': JSON.stringify(test) };
  return { ...rest, ...metrics, 'limbeck.epoch': String(epoch) };
}

/** How the run ended; undefined where it has not, or where an older version wrote it. */
function endOf(folder: string): z.output<typeof ended>['exported'] {
  const file = join(folder, runFiles.result);
  if (!existsSync(file)) return undefined;
  try {
    return ended.parse(JSON.parse(readRegularText(file))).exported;
  } catch (cause) {
    throw new LimbeckError('BAD_FILE', `${file} is not what a run writes: ${(cause as Error).message}`, {
      hint: 'restore it',
      details: { path: file },
      cause,
    });
  }
}

/** Epochs of the main phase, in order. */
function epochLines(folder: string): EpochLine[] {
  const file = join(folder, runFiles.metrics);
  if (!existsSync(file)) return [];
  return readRegularText(file)
    .split('\n')
    .flatMap((line) => {
      if (!line.includes('"epoch"')) return [];
      try {
        const { data } = epochEvent.safeParse(JSON.parse(line));
        return data === undefined ? [] : [data];
      } catch {
        return []; // torn by a crash
      }
    });
}

function findEpoch(epochs: readonly EpochLine[], wanted: Exclude<RunEpoch, 'deployed'>) {
  if (wanted === 'last') return epochs.at(-1);
  return epochs.findLast(({ epoch, best }) => (wanted === 'best' ? best === true : epoch === wanted));
}

function unfinished(folder: string): LimbeckError {
  return new LimbeckError('NOT_FOUND', `${folder} has no ${runFiles.student}: its run has not finished`, {
    hint: `finish it with 'limbeck train --resume ${folder}', or take an epoch it kept: --best, --epoch N`,
    details: { path: folder },
  });
}

function notKept(folder: string, wanted: RunEpoch, epochs: readonly EpochLine[]): LimbeckError {
  const checkpoints = join(folder, runFiles.checkpoints);
  const steps = existsSync(checkpoints) ? listCheckpoints(checkpoints) : [];
  const kept = epochs.filter(({ step }) => steps.includes(step)).map(({ epoch }) => epoch);
  const which = typeof wanted === 'number' ? `epoch ${wanted}` : `its ${wanted} epoch`;
  const there = kept.length === 0 ? 'no epoch' : `epochs ${kept.join(', ')}`;
  return new LimbeckError('NOT_FOUND', `${basename(folder)} does not hold the weights of ${which}`, {
    hint:
      didYouMean(String(wanted), kept.map(String)) ??
      `it keeps ${there}; train.checkpoint.keep says which are kept`,
    details: { path: folder, kept },
  });
}

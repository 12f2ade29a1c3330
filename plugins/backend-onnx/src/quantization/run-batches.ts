import { LimbeckError } from '@limbeck/core';
import type { Calibration, Feeds } from '@limbeck/core/backend';
import { encodeOnnx, type OnnxModel } from '@limbeck/formats';
import type { InferenceSession } from 'onnxruntime-node';
import { messageOf, type Runtime } from '../runtime.js';
import { openSession, type SessionSettings } from '../session.js';
import { wrap } from '../tensors.js';

/** How a float model runs over calibration batches. */
export interface BatchRun {
  readonly runtime: Runtime;
  readonly session: SessionSettings;
  readonly calibration: Calibration;
  /** Refuses inputs that do not fit. */
  readonly check: (feeds: Feeds) => void;
  /** Name of the model's input for a name of the program's. */
  readonly inputName: (name: string) => string;
}

/** Outputs of a model for one batch, by name. */
export type Results = InferenceSession.OnnxValueMapType;

/**
 * Runs a model over every calibration batch.
 *
 * @param take given the outputs for each batch; they are let go afterwards
 * @throws LimbeckError PRECONDITION where there is no batch, BACKEND_FAILED
 */
export async function runBatches(
  model: OnnxModel,
  { runtime, session: settings, calibration, check, inputName }: BatchRun,
  take: (results: Results) => void,
): Promise<void> {
  const session = await openSession(runtime, encodeOnnx(model), settings);
  let batches = 0;
  try {
    for (const feeds of calibration.batches) {
      check(feeds);
      const named = Object.entries(feeds).map(([name, data]) => [inputName(name), wrap(runtime, data)]);
      take(await session.run(Object.fromEntries(named)).catch((cause) => fail(settings.name, cause)));
      batches++;
    }
  } finally {
    await session.release();
  }
  if (batches > 0) return;
  throw new LimbeckError('PRECONDITION', `there are no batches to calibrate '${settings.name}' with`, {
    hint: 'give a few hundred training images',
  });
}

function fail(name: string, cause: unknown): never {
  throw new LimbeckError('BACKEND_FAILED', `calibrating '${name}' failed: ${messageOf(cause)}`, { cause });
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { encodeSavedModel, type TensorflowModel } from '@limbeck/formats';
import { messageOf } from '../message-of.js';
import type { Runtime, TfSavedModel } from './runtime.js';

/** A loaded graph with its ways to be called, which share one session and its variables. */
export type Session = Readonly<Record<string, TfSavedModel>>;

/**
 * Loads a graph. The runtime reads from folders only; the folder is gone when this returns.
 *
 * @throws LimbeckError BACKEND_FAILED where the runtime refuses the graph
 */
export async function openSession({ tf }: Runtime, model: TensorflowModel, name: string): Promise<Session> {
  const folder = await mkdtemp(path.join(tmpdir(), 'limbeck-tfjs-'));
  const session: Record<string, TfSavedModel> = {};
  try {
    await writeFile(path.join(folder, 'saved_model.pb'), encodeSavedModel(model));
    for (const signature of Object.keys(model.signatures))
      session[signature] = await tf.node.loadSavedModel(folder, [...model.tags], signature);
    return session;
  } catch (cause) {
    closeSession(session);
    throw new LimbeckError('BACKEND_FAILED', `TensorFlow refuses '${name}': ${messageOf(cause)}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Frees what the runtime holds; the session goes with its last signature. */
export function closeSession(session: Session): void {
  for (const model of Object.values(session)) model.dispose();
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Feeds, ProfileEntry } from '@limbeck/core/backend';
import { encodeSavedModel, type TensorflowModel } from '@limbeck/formats';
import type { StateDict, TensorData } from '@limbeck/graph';
import { carried } from '../carried.js';
import { findPackage, type Runtime } from '../runtime.js';
import { noPrimitives, noProfileOnGpu, oneDnnFault } from './no-profile.js';
import { PrimitiveLog } from './primitive-log.js';
import { replay } from './replay.js';

/** Steps before the first that counts: the first step of a session allocates and chooses implementations. */
const warmUp = 2;

export interface ProfiledSession {
  /** What messages call the program. */
  readonly name: string;
  readonly model: TensorflowModel;
  /** Values to begin with. */
  readonly state: StateDict;
  /** What every step is fed. */
  readonly feeds: Feeds;
  /** Steps that count. */
  readonly steps: number;
}

/**
 * Where the time of a session's step goes, by primitive of oneDNN, TensorFlow's library for convolutions and the like on a CPU.
 * tfjs-node cannot ask TensorFlow for times, but oneDNN writes a log where the environment asks for it.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where oneDNN computes nothing, BACKEND_FAILED where the steps fail
 */
export async function profileSession(
  { gpu }: Pick<Runtime, 'gpu'>,
  { name, model, state, feeds, steps }: ProfiledSession,
): Promise<ProfileEntry[]> {
  if (gpu) throw noProfileOnGpu(name);
  const fault = oneDnnFault(name, process.env);
  if (fault !== undefined) throw fault;
  const log = new PrimitiveLog();
  const folder = await mkdtemp(path.join(tmpdir(), 'limbeck-profile-'));
  try {
    await writeFile(path.join(folder, 'saved_model.pb'), encodeSavedModel(model));
    const order = {
      file: findPackage().file,
      folder,
      tag: model.tags[0]!,
      state: state.size === 0 ? null : carriedBy(state),
      feeds: carriedBy(Object.entries(feeds)),
      warmUp,
      steps,
    };
    await replay(order, log, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const entries = log.entries();
  if (entries.length === 0) throw noPrimitives(name, process.arch);
  return entries;
}

const carriedBy = (tensors: Iterable<readonly [string, TensorData]>) =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, carried(tensor)]));

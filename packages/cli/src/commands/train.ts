import type { ConfigChoice } from '../config/open-config.js';
import type { Io } from '../io.js';
import { rendererFor } from '../render/renderer.js';
import type { TrainRequest } from '../worker/train-task.js';
import { surroundings, work } from '../worker/work.js';

export interface TrainOptions extends ConfigChoice {
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** `limbeck train [CONFIG]`: a run in a folder of its own. */
export async function train(io: Io, { config, set, out, resume, json }: TrainOptions): Promise<void> {
  await showTraining(io, { config, set, out, resume }, { json });
}

/** Trains in a thread of its own and shows what it says. */
export async function showTraining(
  io: Io,
  request: Pick<TrainRequest, 'config' | 'set' | 'out' | 'resume'>,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const renderer = rendererFor(io, { json });
  try {
    await work(io, 'train', { ...surroundings(io), ...request }, (message) => {
      if (message.type === 'event') renderer.event(message.event);
      else renderer.note(message.text);
    });
  } finally {
    renderer.close();
  }
}

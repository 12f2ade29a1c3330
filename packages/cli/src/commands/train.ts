import type { ConfigChoice } from '../config/open-config.js';
import type { Io } from '../io.js';
import { rendererFor } from '../render/renderer.js';
import { work } from '../worker/work.js';

export interface TrainOptions extends ConfigChoice {
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** `limbeck train [CONFIG]`: a run in a folder of its own. */
export async function train(io: Io, { config, set, out, resume, json }: TrainOptions): Promise<void> {
  const renderer = rendererFor(io, { json });
  try {
    await work(io, 'train', { cwd: io.cwd, env: { ...io.env }, config, set, out, resume }, (message) => {
      if (message.type === 'event') renderer.event(message.event);
      else renderer.note(message.text);
    });
  } finally {
    renderer.close();
  }
}

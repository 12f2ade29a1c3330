import { LimbeckError } from '@limbeck/core';
import type { ConfigChoice } from '../config/open-config.js';
import type { Io } from '../io.js';
import { rendererFor } from '../render/renderer.js';
import { chosenEpoch } from '../worker/chosen-epoch.js';
import type { TrainRequest } from '../worker/train-task.js';
import { surroundings, work } from '../worker/work.js';

export interface TrainOptions extends ConfigChoice {
  readonly out?: string;
  readonly resume?: string;
  readonly from?: string;
  readonly best?: boolean;
  readonly epoch?: number;
  readonly plan?: boolean;
  readonly json?: boolean;
}

/** `limbeck train [CONFIG]`: a run in a folder of its own. */
export async function train(io: Io, options: TrainOptions): Promise<void> {
  const { config, set, out, resume, from, plan, json } = options;
  if (plan) {
    if (resume !== undefined || from !== undefined) {
      throw new LimbeckError('USAGE', '--plan is for a run that is new', {
        hint: 'leave --resume and --from out',
      });
    }
    const { planTraining } = await import('./train-plan.js');
    await planTraining(io, { config, set, out }, { json });
    return;
  }
  await showTraining(io, { config, set, out, resume, from, epoch: chosenEpoch(options) }, { json });
}

/** Trains in a thread of its own and shows what it says. */
export async function showTraining(
  io: Io,
  request: Pick<TrainRequest, 'config' | 'set' | 'out' | 'resume' | 'from' | 'epoch'>,
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

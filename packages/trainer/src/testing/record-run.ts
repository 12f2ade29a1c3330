import type { LimbeckError } from '@limbeck/core';
import type { EventOf, EventType, RunEvent } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import { type TrainOptions, train } from '../train/loop.js';

/** Trains, and gathers the events, whether it ends well or not. */
export async function recordRun(what: RunSpec, { onEvent, ...options }: TrainOptions) {
  const events: RunEvent[] = [];
  const listener = (event: RunEvent) => {
    events.push(event);
    onEvent?.(event);
  };
  const outcome = await train(what, { ...options, onEvent: listener }).then(
    (result) => ({ result, error: undefined }),
    (error: LimbeckError) => ({ result: undefined, error }),
  );
  const of = <T extends EventType>(type: T) =>
    events.filter((event): event is EventOf<T> => event.type === type);
  return { ...outcome, folder: options.folder, events, of };
}

/** As {@link recordRun}, stopped once so many steps are done. */
export function recordSteps(what: RunSpec, until: number, options: TrainOptions) {
  let done = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'step') done = event.step;
  };
  return recordRun(what, { ...options, onEvent, stop: () => done >= until });
}

import type { RunEpoch } from '@limbeck/trainer';

/** What `--best` and `--epoch` say of a run's epochs; nothing where neither is given. */
export const chosenEpoch = (given: {
  readonly best?: boolean;
  readonly epoch?: number;
}): RunEpoch | undefined => (given.best === true ? 'best' : given.epoch);

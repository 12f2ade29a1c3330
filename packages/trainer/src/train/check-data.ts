import { targetsOf } from '@limbeck/core';
import { checkTargets } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';

/**
 * Looks over a data set before a run: every target must be of its classes.
 *
 * @throws LimbeckError BAD_DATA naming split, sample and value
 */
export function checkData({ train, test, classes }: RunDataset): void {
  for (const [split, given] of Object.entries({ train, test })) {
    checkTargets(targetsOf(given), { split, samples: given.length, classes });
  }
}

import type { Targets } from '@limbeck/core';
import { batchRandom } from '@limbeck/data';
import type { RunSpec } from '../run/run-spec.js';

/** Changes whole batches of training. */
export interface BatchMixing {
  /**
   * Changes the pictures of a batch in place: those of the batch first, then those of its views.
   *
   * @returns the targets that go with them; like pictures, they stay valid until the call after the next
   */
  apply(pictures: readonly Float32Array[], targets: Targets, place: { epoch: number; step: number }): Targets;
}

/** @returns undefined where a run has no batch transforms */
export function createBatchMixing(
  { batchTransforms = [], batchSize, dataset: { imageShape, classes } }: RunSpec['data'],
  seed: number,
): BatchMixing | undefined {
  if (batchTransforms.length === 0) return undefined;
  const changes = batchTransforms.map(({ contribution, options }) =>
    contribution.create(options, { batchSize, imageShape, classes }),
  );
  const soft = [0, 1].map(() => new Float32Array(batchSize * classes));
  const asRows = (targets: Targets): Float32Array | undefined => {
    if (targets.kind === 'none') return undefined;
    if (targets.kind !== 'index') return targets.values;
    const values = soft.reverse()[0]!.fill(0);
    targets.values.forEach((label, row) => {
      values[row * classes + label] = 1;
    });
    return values;
  };
  return {
    apply(pictures, given, { epoch, step }) {
      const values = asRows(given);
      changes.forEach((change, stream) => {
        change({ pictures, targets: values }, batchRandom(seed, epoch, step, stream));
      });
      if (given.kind === 'none') return given;
      return { kind: given.kind === 'index' ? 'soft' : given.kind, values: values! };
    },
  };
}

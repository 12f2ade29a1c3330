import { type BatchTargets, LimbeckError } from '@limbeck/core';
import { requireTargets } from '@limbeck/core/host';
import { formatShape, type Tensor } from '@limbeck/graph';
import type { TaskChoice } from '../run/choices.js';
import { crossEntropy } from '../tasks/cross-entropy.js';

/** What a run learns from targets where it does not say so. */
export const defaultTask: TaskChoice = { contribution: crossEntropy, options: { labelSmoothing: 0 } };

/**
 * The loss of a task, a scalar; undefined where nothing is learnt from targets.
 *
 * @param source what messages call the samples
 * @throws LimbeckError PRECONDITION where the task cannot learn from such targets, naming both
 */
export function taskLossOf(
  { contribution, options }: TaskChoice,
  {
    logits,
    targets,
    classes,
    source,
  }: {
    readonly logits: Tensor;
    readonly targets: BatchTargets;
    readonly classes: number;
    readonly source: string;
  },
): Tensor | undefined {
  const what = `task '${contribution.id}'`;
  requireTargets(what, contribution.targets, targets.kind, source, taskHint(targets.kind));
  const loss = contribution.loss({ logits, targets, classes, options });
  if (loss === undefined || loss.shape.length === 0) return loss;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `${what} must give a scalar, not ${formatShape(loss.shape)}: take the mean over the batch`,
  );
}

function taskHint(given: BatchTargets['kind']): string {
  if (given === 'none') return "write task: 'none', so that distillers alone teach, or use data with labels";
  return given === 'multi-hot'
    ? "write task: 'binary-cross-entropy', which learns each class on its own"
    : 'choose a task for such targets';
}

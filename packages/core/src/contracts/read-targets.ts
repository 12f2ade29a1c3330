import type { Tensor } from '@limbeck/graph';
import { LimbeckError } from '../errors.js';
import type { Distiller } from './distiller.js';
import { type BatchTargets, requireTargets } from './targets.js';

/** What a distiller may read of the targets. */
export interface TargetReader {
  /** As `DistillerContext.targets`. */
  targets(): BatchTargets;
  /** As `DistillerContext.labels`. */
  labels(): Tensor;
}

/**
 * For whoever builds distillers: gives a distiller the targets that it says it reads, and nothing else.
 *
 * @param source what messages call the samples: `the training split`
 * @throws LimbeckError PRECONDITION naming both where the distiller is not for such targets
 */
export function readTargets(
  { id, targets: readable = [], exclusive = false }: Pick<Distiller, 'id' | 'targets' | 'exclusive'>,
  given: BatchTargets,
  source: string,
): TargetReader {
  requireTargets(`distiller '${id}'`, readable, given.kind, source);
  if (exclusive && given.kind === 'multi-hot') {
    throw new LimbeckError(
      'PRECONDITION',
      `distiller '${id}' takes logits as one distribution over the classes, but ${source} gives multi-hot targets`,
      {
        hint: 'use a method that compares features, or each class on its own',
        details: { distiller: id, targets: given.kind },
      },
    );
  }
  const undeclared = (what: string) =>
    new LimbeckError('PRECONDITION', `distiller '${id}' reads ${what} without saying so`, {
      hint: "add the kinds it reads to its definition: targets: ['index']",
    });
  return {
    targets() {
      if (readable.length === 0) throw undeclared('targets');
      return given;
    },
    labels() {
      if (!readable.includes('index')) throw undeclared('class indices');
      if (given.kind === 'index') return given.values;
      throw new LimbeckError(
        'PRECONDITION',
        `distiller '${id}' reads class indices, but ${source} gives ${given.kind} targets`,
        { hint: `read \`targets\` where they may be ${readable.join(' or ')}` },
      );
    },
  };
}

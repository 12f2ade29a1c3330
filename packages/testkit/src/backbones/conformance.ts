import type { Backbone } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { completeOptions } from '@limbeck/core/host';
import type { Shape } from '@limbeck/graph';
import { referenceBackend } from '../reference-backend.js';
import type { BackboneCase, BackboneSubject } from './case.js';
import { structureCases } from './structure.js';
import { valueCases } from './values.js';

/** What a backbone is tried with. */
export interface BackboneConformanceOptions {
  /** The backbone's own, as a configuration writes them; its schema completes them. Default none. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Shape of the image [C, H, W] of whatever is not about image sizes. Default [3, 32, 32]. */
  readonly image?: readonly [number, number, number];
  /** Default 10. */
  readonly classes?: number;
  /** Elements of all trained parameters, where they are published for `image` and `classes`. */
  readonly parameters?: number;
  /** Shapes of declared taps without the batch axis, where they are published for `image` and `classes`. */
  readonly taps?: Readonly<Record<string, Shape>>;
  /** Images the backbone must take, [C, H, W]. Default {@link usualImages}. */
  readonly images?: readonly (readonly [number, number, number])[];
  /**
   * Computes what needs numbers. Default the reference interpreter, which is slow: choose a small `image`. `false` leaves
   * those cases out, for networks too large for it.
   */
  readonly backend?: ComputeBackend | false;
}

/** Sizes of Fashion-MNIST, CIFAR, Tiny-ImageNet and ImageNet. */
export const usualImages = [
  [1, 28, 28],
  [3, 32, 32],
  [3, 64, 64],
  [3, 224, 224],
] as const;

/**
 * Everything a backbone has to do, as cases that any test runner can run: shapes of embedding, logits and taps at every
 * image size and in both modes, an encoder and a classifier that are apart, variables that are the same in both modes,
 * gradients that reach every parameter, and, in numbers, a loss that falls along them, running statistics that follow, and
 * images that do not see each other in evaluation.
 *
 * @example
 * for (const { name, run } of backboneConformance(myNet, { image: [3, 16, 16] })) test(name, run);
 */
export function backboneConformance<Options>(
  backbone: Backbone<Options>,
  given: BackboneConformanceOptions = {},
): BackboneCase[] {
  const { image = [3, 32, 32], classes = 10, images = usualImages, backend = referenceBackend } = given;
  const subject: BackboneSubject = {
    backbone,
    options: completeOptions(backbone, given.options),
    image,
    classes,
  };
  return [
    ...structureCases(subject, { images, parameters: given.parameters, taps: given.taps }),
    ...(backend === false ? [] : valueCases(subject, backend)),
  ];
}

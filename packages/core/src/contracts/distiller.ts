import type { Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import type { OptionSchema, Use } from './contribution.js';
import type { BuildProjector } from './projector.js';

/** One side of a distillation, as a distiller sees it. */
export interface ModelView {
  /** Id of the backbone. */
  readonly id: string;
  readonly role: 'student' | 'teacher';
  /** [N, classes]. */
  readonly logits: Tensor;
  /** [N, D]: what the classifier reads. */
  readonly embedding: Tensor;
  /** Every name `tap` takes. */
  readonly taps: readonly string[];
  /**
   * An intermediate feature by tap name or layer path: `stage3`, `layer1.0.conv1`. Only what is asked for leaves the teacher.
   *
   * @throws LimbeckError UNKNOWN_TAP with suggestions
   */
  tap(path: string): Tensor;
  /**
   * The model's own classifier on another embedding [N, D]; the teacher's stays frozen.
   *
   * @throws LimbeckError SHAPE_MISMATCH where the classifier reads another width
   */
  classify(embedding: Tensor): Tensor;
}

/** A scalar with its weight in the total. */
export interface LossTerm {
  readonly weight: number;
  readonly value: Tensor;
}

/** What a distiller gives to be built into a step. */
export interface DistillerContext<Options> {
  readonly student: ModelView;
  readonly teacher: ModelView;
  /** Class indices [N], int32. */
  readonly labels: Tensor;
  readonly classes: number;
  readonly options: Options;
  /** Where the distiller's own parameters live. */
  readonly m: Scope;
  /** Builds a projector that any plugin contributes. */
  readonly project: BuildProjector;
  /** Computes a loss that any plugin contributes. */
  readonly loss: (use: Use, student: Tensor, teacher: Tensor) => Tensor;
}

/** What a distiller adds to a step. */
export interface Distillation {
  /** Terms by name, reported by these names; each a scalar. */
  readonly losses: Readonly<Record<string, LossTerm>>;
  /** Weight of the cross-entropy of the deployed model's logits against the labels. Default: no opinion, which means 1. */
  readonly taskWeight?: number;
  /**
   * Logits [N, classes] of the deployed model. Default: the student's own. What is deployed follows from it: exactly what
   * it reaches. It must not depend on the teacher's features or on the labels.
   */
  readonly predict?: Tensor;
}

/**
 * A distillation method. Says what is compared and how much it weighs; never how training runs.
 *
 * @example
 * defineDistiller({
 *   id: 'sp',
 *   description: 'similarity-preserving distillation',
 *   cite: 'arXiv:1907.09682',
 *   options: z.object({ weight: z.number().positive().default(3000), tap: z.string().default('stage3') }),
 *   build: ({ student, teacher, options: { weight, tap } }) => ({
 *     losses: { sp: { weight, value: similarityPreserving(student.tap(tap), teacher.tap(tap)) } },
 *   }),
 * });
 */
export interface Distiller<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  /** Traced once for training and once for the deployed form; must not keep anything between calls. */
  build(context: DistillerContext<Options>): Distillation;
}

/** Declares a distiller; the identity function, with types. */
export function defineDistiller<Options>(distiller: Distiller<Options>): Distiller<Options> {
  return distiller;
}

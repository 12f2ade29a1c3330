import type { Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import type { OptionSchema, Use } from './contribution.js';
import type { Prepare } from './preparation.js';
import type { BuildProjector } from './projector.js';
import type { BatchTargets, TargetKind } from './targets.js';

/** One side of a distillation, as a distiller sees it. */
export interface ModelView {
  /** Id of the backbone. */
  readonly id: string;
  readonly role: 'student' | 'teacher';
  /** [N, classes]. */
  readonly logits: Tensor;
  /** `[N, D]`: what the classifier reads. */
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
  /**
   * Course of the weight over the main phase, as a factor of it: a schedule any plugin contributes, such as
   * `{ use: 'linear', end: 20 }`. The weight is an input of the step, so nothing recompiles. Default: it stays as it is.
   */
  readonly schedule?: Use;
}

/** What negatives are drawn from: samples of other classes, or every other sample. */
export type NegativeSource = 'other-classes' | 'all';

/** The samples of a batch among those of the training split, for methods that remember or contrast them. */
export interface Samples {
  /** Samples of the training split. */
  readonly total: number;
  /** Which of them the batch holds, each at most once: [N], int32, each in [0, total). */
  readonly index: Tensor;
  /**
   * Other samples to contrast each sample of the batch with, drawn anew every step from the run's seed alone: [N, count],
   * int32, each in [0, total). A row holds no sample twice unless fewer than `count` are there to be drawn. Asking again
   * for the same gives the same tensor.
   *
   * @throws LimbeckError PRECONDITION where there is nothing to draw
   */
  negatives(count: number, options: { readonly from: NegativeSource }): Tensor;
}

/** How another view of the batch is made. */
export interface ViewOptions {
  /** Random changes applied after those of the run itself, which are drawn anew for the view. */
  readonly augment: readonly Use[];
}

/** Both sides of a distillation on another augmented draw of the same batch. */
export interface BatchView {
  /** The student with the same parameters; running statistics follow the views one after another, the batch first. */
  readonly student: ModelView;
  readonly teacher: ModelView;
}

/** What a distiller gives to be built into a step. */
export interface DistillerContext<Options> {
  readonly student: ModelView;
  readonly teacher: ModelView;
  /**
   * Targets of the batch, of one of the kinds that the distiller reads.
   *
   * @throws LimbeckError PRECONDITION where it does not say that it reads any: {@link Distiller.targets}
   */
  readonly targets: BatchTargets;
  /**
   * Class indices [N], int32: the targets where they are such.
   *
   * @throws LimbeckError PRECONDITION where they are not, or the distiller does not say that it reads them
   */
  readonly labels: Tensor;
  readonly classes: number;
  readonly options: Options;
  /** Where the distiller's own parameters live. */
  readonly m: Scope;
  /** Builds a projector that any plugin contributes. */
  readonly project: BuildProjector;
  /** Computes a loss that any plugin contributes. */
  readonly loss: (use: Use, student: Tensor, teacher: Tensor) => Tensor;
  /** Which training samples the batch holds. Only what is asked for is drawn. */
  readonly samples: Samples;
  /**
   * Another augmented draw of the same images, by a name of its own. Distillers that ask for one name share the view and
   * must describe it alike.
   *
   * @throws LimbeckError PRECONDITION where another distiller has a view of this name made otherwise
   */
  readonly view: (name: string, options: ViewOptions) => BatchView;
  /**
   * Tensors that are computed once before training, from what the teacher gives for every training sample. Targets are
   * shown to a distiller that reads some.
   *
   * @throws LimbeckError PRECONDITION where it asks for two of one name; UNKNOWN_TAP
   */
  readonly prepare: Prepare;
}

/**
 * Training before the main phase, with nothing but these terms, an optimiser state of its own and a constant learning
 * rate. Values are carried over by name; what the main phase reads behind `stopGradient` alone stays as it is from then on.
 */
export interface InitialPhase {
  /** Times the training images are seen; a whole number. */
  readonly epochs: number;
  /** As in {@link Distillation.losses}; schedules count over this phase. */
  readonly losses: Readonly<Record<string, LossTerm>>;
  /**
   * What is trained of all that the terms reach: the student, the distiller's own parameters, or both. The running
   * statistics of a student that is not trained stay as they are.
   */
  readonly trains: 'student' | 'extras' | 'all';
  /** Learning rate. Default: the run's, before its schedule. */
  readonly lr?: number;
}

/** What a distiller adds to a step. */
export interface Distillation {
  /** Terms by name, reported by these names; each a scalar. Empty where the initial phase is all there is. */
  readonly losses: Readonly<Record<string, LossTerm>>;
  /** What has to be trained first. Those of several distillers run one after another, in the distillers' order. */
  readonly initial?: InitialPhase;
  /** Weight of the task's loss: of the deployed model's logits against the targets. Default: no opinion, which means 1. */
  readonly taskWeight?: number;
  /**
   * Logits [N, classes] of the deployed model. Default: the student's own. What is deployed follows from it: exactly what
   * it reaches. It must not depend on the teacher's features or on the targets.
   */
  readonly predict?: Tensor;
}

/**
 * A distillation method. Says what is compared and how much it weighs; never how training runs. What it trains besides
 * the student are parameters of its scope; what it remembers from step to step are buffers of it (`m.buffer`), replaced
 * with `m.update`. Both are part of every checkpoint, and of the deployed model only where the prediction reaches them.
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
  /**
   * Kinds of targets its terms read, any one of which will do; for data with others it is refused. Default: it reads none,
   * and works with data of every kind, without labels too.
   */
  readonly targets?: readonly TargetKind[];
  /**
   * True where it takes a row of logits as one distribution over the classes (softmax): refused for data whose samples have
   * any number of classes. Default false.
   */
  readonly exclusive?: boolean;
  /** Traced once for training and once for the deployed form; must not keep anything between calls. */
  build(context: DistillerContext<Options>): Distillation;
}

/** Declares a distiller; the identity function, with types. */
export function defineDistiller<Options>(distiller: Distiller<Options>): Distiller<Options> {
  return distiller;
}

import type { DType, Graph, Shape, Tensor } from '@limbeck/graph';
import { LimbeckError } from '../errors.js';

/**
 * What is known about the class of a sample: nothing; one class; a probability for every class, as mixing two images
 * gives; or any number of classes at once.
 */
export type TargetKind = 'none' | 'index' | 'soft' | 'multi-hot';

/** Every kind of targets. */
export const targetKinds: readonly TargetKind[] = Object.freeze(['none', 'index', 'soft', 'multi-hot']);

/**
 * Targets of N samples in order: of a batch or of a whole split.
 *
 * @example
 * const targets: Targets = { kind: 'index', values: Int32Array.of(3, 0, 9) };
 * const mixed: Targets = { kind: 'soft', values: Float32Array.of(0.7, 0.3, 0, 1) }; // two samples, two classes
 */
export type Targets =
  /** Samples without labels. */
  | { readonly kind: 'none' }
  /** `[N]`: each in [0, classes). */
  | { readonly kind: 'index'; readonly values: Int32Array }
  /** [N, classes], row-major: each at least 0, every row with the sum 1. */
  | { readonly kind: 'soft'; readonly values: Float32Array }
  /** [N, classes], row-major: 1 for the classes a sample has, else 0, and what mixing gives between. A row may be all zeros. */
  | { readonly kind: 'multi-hot'; readonly values: Float32Array };

/** Targets of samples with one class each. */
export const indexTargets = (labels: ArrayLike<number>): Targets => ({
  kind: 'index',
  values: labels instanceof Int32Array ? labels : Int32Array.from(labels),
});

/** What a split says about the classes of its samples. */
export interface Labelled {
  readonly length: number;
  readonly labels?: Int32Array | undefined;
  readonly targets?: Targets | undefined;
}

/** The targets of a split, however it gives them. */
export const targetsOf = ({ targets, labels }: Labelled): Targets =>
  targets ?? (labels === undefined ? noTargets : indexTargets(labels));

/** Targets of samples that have none. */
export const noTargets: Targets = Object.freeze({ kind: 'none' });

/** How targets of a kind enter a program. */
export interface TargetInput {
  /** Name of the input. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The input of a program that brings the targets of N samples; undefined where there are none. */
export function targetInput(kind: TargetKind, batch: number, classes: number): TargetInput | undefined {
  if (kind === 'none') return undefined;
  return kind === 'index'
    ? { name: 'labels', dtype: 'int32', shape: [batch] }
    : { name: 'targets', dtype: 'float32', shape: [batch, classes] };
}

/** Targets of a batch inside a step: as {@link Targets}, with tensors of the shapes that {@link targetInput} tells. */
export type BatchTargets =
  | { readonly kind: 'none' }
  | { readonly kind: Exclude<TargetKind, 'none'>; readonly values: Tensor };

/** Targets of a batch as an input of a graph. */
export function batchTargets(graph: Graph, kind: TargetKind, batch: number, classes: number): BatchTargets {
  const input = targetInput(kind, batch, classes);
  if (kind === 'none' || input === undefined) return { kind: 'none' };
  return { kind, values: graph.input(input.name, input.shape, input.dtype) };
}

/** Numbers that the targets of one sample take. */
export const targetWidth = (kind: TargetKind, classes: number): number =>
  kind === 'none' ? 0 : kind === 'index' ? 1 : classes;

/** Targets of `samples` samples, all zeros, to be filled. */
export function allocateTargets(kind: TargetKind, samples: number, classes: number): Targets {
  if (kind === 'none') return noTargets;
  if (kind === 'index') return { kind, values: new Int32Array(samples) };
  return { kind, values: new Float32Array(samples * classes) };
}

/**
 * Class indices [N].
 *
 * @throws LimbeckError PRECONDITION where samples have other targets
 */
export function labelsOf(targets: Targets): Int32Array {
  if (targets.kind === 'index') return targets.values;
  throw new LimbeckError('PRECONDITION', `class indices are read, but the targets are ${targets.kind}`, {
    hint: "what reads class indices says so: targets: ['index']",
  });
}

/**
 * Refuses targets that what reads them cannot use.
 *
 * @param reader what messages call it: `metric 'top1'`
 * @param readable kinds it reads, any one of which will do; undefined and none: it looks at no targets
 * @param given what the samples have
 * @param source what messages call the samples: `the training split of 'cifar100'`
 * @param hint what to do about it
 * @throws LimbeckError PRECONDITION naming both
 */
export function requireTargets(
  reader: string,
  readable: readonly TargetKind[] | undefined,
  given: TargetKind,
  source: string,
  hint?: string,
): void {
  if (readable === undefined || readable.length === 0 || readable.includes(given)) return;
  throw new LimbeckError(
    'PRECONDITION',
    `${reader} reads ${readable.join(' or ')} targets, but ${source} gives ${given === 'none' ? 'none' : `${given} targets`}`,
    {
      hint:
        hint ??
        (given === 'none'
          ? 'leave it out, or use data with labels'
          : 'leave it out, or choose one for such targets'),
      details: { reader, reads: [...readable], targets: given },
    },
  );
}

/**
 * Looks over the targets of a split.
 *
 * @param split what messages call it: `train`
 * @throws LimbeckError BAD_DATA naming split, sample and value
 */
export function checkTargets(
  targets: Targets,
  { split, samples, classes }: { readonly split: string; readonly samples: number; readonly classes: number },
): void {
  // data sets may come from plugins without types
  if (!targetKinds.includes(targets?.kind)) {
    throw new LimbeckError('BAD_DATA', `the ${split} split has targets of an unknown kind`, {
      hint: `there are: ${targetKinds.join(', ')}`,
    });
  }
  if (targets.kind === 'none') return;
  const width = targetWidth(targets.kind, classes);
  const { values } = targets;
  if (values.length !== samples * width) {
    const found =
      width === 1 ? `${values.length} labels` : `${values.length} values of ${targets.kind} targets`;
    const expected = width === 1 ? '' : `, not ${samples} * ${width}`;
    throw new LimbeckError('BAD_DATA', `the ${split} split has ${samples} images and ${found}${expected}`, {
      hint: 'do the files of images and labels belong together?',
    });
  }
  const problem = problemOf(targets, classes);
  if (problem === undefined) return;
  const index = Math.floor(problem.at / width);
  const message = problem.message(`sample ${index} in the ${split} split`);
  throw new LimbeckError('BAD_DATA', message, {
    hint: problem.hint,
    details: { split, index, value: String(values[problem.at]), classes },
  });
}

interface Problem {
  /** Place of the value. */
  readonly at: number;
  /** Given what messages call the sample. */
  readonly message: (sample: string) => string;
  readonly hint: string;
}

function problemOf(targets: Exclude<Targets, { kind: 'none' }>, classes: number): Problem | undefined {
  const { kind, values } = targets;
  if (kind === 'index') {
    const at = values.findIndex((label) => label < 0 || label >= classes);
    if (at < 0) return undefined;
    const hint = `the data set says it has ${classes} classes; labels count from 0`;
    return { at, message: (sample) => `label ${values[at]} of ${sample} is outside [0, ${classes})`, hint };
  }
  if (kind === 'multi-hot') {
    const at = values.findIndex((value) => value !== 0 && value !== 1);
    if (at < 0) return undefined;
    const hint = 'give 0 or 1 for every class';
    return { at, message: (sample) => `a multi-hot target of ${sample} is ${values[at]}`, hint };
  }
  const hint = 'soft targets are probabilities: at least 0, with the sum 1';
  for (let start = 0; start < values.length; start += classes) {
    let sum = 0;
    for (let at = start; at < start + classes; at++) {
      const value = values[at]!;
      if (!(value >= 0)) return { at, message: (sample) => `a soft target of ${sample} is ${value}`, hint };
      sum += value;
    }
    if (!(Math.abs(sum - 1) <= 1e-3)) {
      return { at: start, message: (sample) => `the soft targets of ${sample} add up to ${sum}`, hint };
    }
  }
  return undefined;
}

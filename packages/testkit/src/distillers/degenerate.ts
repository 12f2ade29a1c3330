import { isLimbeckError, LimbeckError, type Use } from '@limbeck/core';
import type { Host } from '@limbeck/core/host';
import {
  add,
  ancestors,
  evaluate,
  gradients,
  isFloat,
  leafName,
  mul,
  type Program,
  program,
  type ReferenceValue,
  type Shape,
  type Tensor,
  type TensorData,
  tensorData,
  toReference,
} from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { parameterRule, patternFill } from '../golden/pattern.js';
import { type BuiltDistiller, buildDistiller } from './build.js';

interface DegenerateInputs {
  readonly batch: number;
  readonly classes: number;
  /** Whether the teacher's features have to be as wide as the student's. */
  readonly alike: boolean;
  readonly label: (image: number) => number;
  /** What becomes of a feature; `plain` are its usual values, `image` the elements of one image. */
  readonly feature: (plain: Float32Array, context: { tap: string; image: number }) => Float32Array;
  /** Names the pattern of the usual values. */
  readonly pattern: (role: string, tap: string) => string;
}

const usual: DegenerateInputs = {
  batch: 4,
  classes: 3,
  alike: false,
  label: (image) => image % 3,
  feature: (plain) => plain,
  pattern: (role, tap) => `${role}.${tap}`,
};

const cases = {
  'a batch of one': { ...usual, batch: 1 },
  'a single class': { ...usual, classes: 1, label: () => 0 },
  'classes missing from the batch': { ...usual, label: () => 1 },
  'equal images': {
    ...usual,
    feature: (plain, { image }) => plain.map((_, i) => plain[i % image]!),
  },
  'features of zero': { ...usual, feature: (plain) => plain.fill(0) },
  'features of one value': { ...usual, feature: (plain) => plain.fill(1) },
  'huge logits': {
    ...usual,
    feature: (plain, { tap }) => (tap === 'logits' ? plain.map((x) => 1e4 * Math.sign(x)) : plain),
  },
  'huge features': { ...usual, feature: (plain) => plain.map((x) => 1e4 * x) },
  'tiny features': { ...usual, feature: (plain) => plain.map((x) => 1e-12 * x) },
  'a student that is the teacher': { ...usual, alike: true, pattern: (_, tap) => tap },
} satisfies Record<string, DegenerateInputs>;

/** Inputs at which losses that divide, take roots or logarithms are known to break. */
export type DegenerateCase = keyof typeof cases;

/** Names of all cases. */
export const degenerateCases = Object.keys(cases) as readonly DegenerateCase[];

/** What a distiller needs to be tried at all. */
export interface DegenerateOptions {
  /** Channels of the teacher's first stage; the student's are 4. Default 6. */
  readonly teacherWidth?: number;
}

/** Channels of the student's first stage. */
const studentWidth = 4;

/** Taps of a backbone of two stages; `width` channels in the first. */
const tapsOf = (batch: number, classes: number, width: number): Record<string, Shape> => ({
  stem: [batch, width, 8, 8],
  'stage1.preact': [batch, width, 8, 8],
  stage1: [batch, width, 8, 8],
  'stage2.preact': [batch, 2 * width, 4, 4],
  stage2: [batch, 2 * width, 4, 4],
  'last-map': [batch, 2 * width, 4, 4],
  embedding: [batch, 2 * width],
  logits: [batch, classes],
});

/**
 * Builds a distiller over models of two stages and takes one step at inputs of no use: in single precision, its weighted
 * terms, their gradients for the student's features and the distiller's own parameters, and new values of what it keeps must be
 * finite, or the distiller must have refused beforehand.
 *
 * @param host knows the distiller and whatever it asks for
 * @returns why it was refused, or undefined where everything is finite
 * @throws LimbeckError VERIFY_FAILED naming what is not finite
 */
export function checkDegenerate(
  host: Pick<Host, 'use'>,
  use: Use,
  name: DegenerateCase,
  { teacherWidth = 6 }: DegenerateOptions = {},
): string | undefined {
  const inputs = cases[name];
  const { batch, classes } = inputs;
  const shapes = {
    student: tapsOf(batch, classes, studentWidth),
    teacher: tapsOf(batch, classes, inputs.alike ? studentWidth : teacherWidth),
  };
  let built: BuiltDistiller;
  try {
    built = buildDistiller(host, use, shapes);
  } catch (error) {
    if (isLimbeckError(error)) return error.message;
    throw error;
  }
  const target = stepOf(built);
  const state = stateOf(built, target);
  const feeds = new Map(target.inputs.map((input) => [leafName(input), toReference(feedFor(input, inputs))]));
  const { outputs, state: next } = evaluate(target, feeds, state, { precision: 'float32' });
  for (const [what, { data }] of [...outputs, ...next]) {
    const wrong = data.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) continue;
    throw new LimbeckError(
      'VERIFY_FAILED',
      `distiller '${typeof use === 'string' ? use : use.use}' at ${name}: ${what}[${wrong}] is ${data[wrong]}`,
    );
  }
  return undefined;
}

/** Terms of every phase, gradients of their weighted sum, and new values of what the distiller keeps. */
function stepOf({ losses, initial, student, views, trace }: BuiltDistiller): Program {
  const terms = [...Object.entries(initial?.losses ?? {}), ...Object.entries(losses)];
  const total = terms.map(([, { weight, value }]) => mul(value, weight)).reduce((a, b) => add(a, b));
  const reached = new Set(ancestors([total], { throughComposites: true }));
  const wanted: [string, Tensor][] = [
    ...student.inputs,
    ...[...views.values()].flatMap((view) => [...view.student.inputs]),
    ...[...trace.variables].flatMap(([name, { kind, tensor }]): [string, Tensor][] =>
      kind === 'parameter' ? [[name, tensor]] : [],
    ),
  ];
  const trained = wanted.filter(([, tensor]) => isFloat(tensor.dtype) && reached.has(tensor));
  const derivatives = gradients(
    total,
    trained.map(([, tensor]) => tensor),
  );
  return program({
    name: 'degenerate',
    outputs: new Map([
      ...terms.map(([name, { value }]) => [`term ${name}`, value] as const),
      ...trained.map(([name], i) => [`gradient of ${name}`, derivatives[i]!] as const),
    ]),
    updates: trace.updates,
  });
}

function stateOf({ trace }: BuiltDistiller, target: Program): Map<string, ReferenceValue> {
  const drawn = initialState(trace.variables.values(), 1);
  return new Map(
    target.state.map(({ name, current }) => {
      const value =
        drawn.get(name) ?? patternFill('1', name, current.shape, parameterRule(name, current.shape));
      return [name, toReference(value)];
    }),
  );
}

function feedFor(input: Tensor, { pattern, feature, label, classes }: DegenerateInputs): TensorData {
  const name = leafName(input);
  const { shape } = input;
  if (input.dtype === 'int32') {
    const values = Int32Array.from({ length: tensorData('int32', shape).data.length }, (_, i) => label(i));
    return tensorData('int32', shape, name === 'labels' ? values.map((x) => x % classes) : values.fill(0));
  }
  const [, view = '', role, tap] = /^(view\.[^.]+\.)?([^.]+)\.(.+)$/.exec(name) as unknown as string[];
  const drawn = patternFill('1', view + pattern(role!, tap!), shape).data as Float32Array;
  const active = !tap!.endsWith('.preact') && tap !== 'logits';
  const plain = active ? drawn.map(Math.abs) : drawn;
  const image = plain.length / shape[0]!;
  return tensorData('float32', shape, feature(plain, { tap: tap!, image }));
}

import { isLimbeckError } from '@limbeck/core';
import {
  broadcastTo,
  type DType,
  Graph,
  leafName,
  type Program,
  program,
  reshape,
  type SampleInput,
  type Shape,
  sameShape,
  sizeOf,
  slice,
  stopGradient,
  type Tensor,
  type TensorData,
} from '@limbeck/graph';
import { fillSampleInput } from '../samples/fill.js';
import type { SampledOperation } from '../samples/program.js';
import { leafValues } from './leaf-values.js';
import { extrasOf, type ProgramKind } from './random-training.js';
import type { Step } from './steps.js';

/** Element types that are tried in the place of float32; most often it stays. */
const dtypes: readonly DType[] = [
  ...new Array<DType>(24).fill('float32'),
  'int32',
  'int32',
  'int32',
  'int32',
  'bool',
  'int8',
  'uint8',
  'bfloat16',
];

/** A program and what it is fed with. */
export interface RandomProgram {
  readonly program: Program;
  readonly inputs: ReadonlyMap<string, TensorData>;
  readonly state: ReadonlyMap<string, TensorData>;
}

/** Collects the nodes of a program under construction. */
class Draft {
  readonly graph = new Graph();
  readonly nodes: Tensor[] = [];
  readonly inputs = new Map<string, TensorData>();
  readonly state = new Map<string, TensorData>();

  /** New data: an input, state or a constant. */
  leaf(data: TensorData, kind: number): Tensor {
    const name = `x${this.inputs.size + this.state.size}`;
    if (kind % 4 === 0) return this.graph.constant(data);
    if (kind % 4 === 1) {
      this.state.set(name, data);
      return this.graph.state(name, data.shape, data.dtype);
    }
    this.inputs.set(name, data);
    return this.graph.input(name, data.shape, data.dtype);
  }

  /** An operand of a shape and type: an earlier node made to fit, or a new leaf. */
  operand(type: { readonly shape: Shape; readonly dtype: DType }, choice: number, seed: number): Tensor {
    const { shape, dtype } = type;
    const fitting = this.nodes.filter((node) => node.dtype === dtype && canFit(node.shape, shape));
    const place = choice % (fitting.length + 1);
    const found = fitting[place];
    return found === undefined
      ? this.leaf(leafValues(dtype, shape, seed), choice >>> 8)
      : madeToFit(found, shape);
  }
}

const canFit = (from: Shape, to: Shape): boolean => sizeOf(from) >= sizeOf(to) || sizeOf(from) === 1;

/** A tensor in another shape: its first elements, or its only one everywhere. */
function madeToFit(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const size = sizeOf(shape);
  if (sizeOf(x.shape) === 1 && size !== 1)
    return broadcastTo(
      reshape(
        x,
        shape.map(() => 1),
      ),
      shape,
    );
  const flat = reshape(x, [sizeOf(x.shape)]);
  return reshape(sizeOf(x.shape) === size ? flat : slice(flat, { axis: 0, end: size }), shape);
}

/** Listed integers are indices or labels, which must lie inside what they point into. */
const isIndex = ({ dtype, values }: SampleInput): boolean => dtype === 'int32' && values !== undefined;

/** A rounding that is allowed elsewhere would make any number of their results: they are compared to the bit on their own. */
const exactAlone: ReadonlySet<string> = new Set(['randomInteger']);

function addStep(draft: Draft, operations: readonly SampledOperation[], step: Step): void {
  const sampled = operations.filter(({ name, samples }) => samples.length > 0 && !exactAlone.has(name));
  const operation = sampled[step.operation % sampled.length]!;
  const { inputs, attributes = {} } = operation.samples[step.sample % operation.samples.length]!;
  const build = (other: DType): Tensor => {
    const operands = inputs.map((input, i) => {
      const seed = (step.seed + i) | 0;
      const choice = step.operands[i % step.operands.length]!;
      if (isIndex(input)) return draft.leaf(fillSampleInput(input, operation.name, `x${i}`), choice);
      const { shape, dtype = 'float32' } = input;
      return draft.operand({ shape, dtype: dtype === 'float32' ? other : dtype }, choice, seed);
    });
    const result = draft.graph.node(operation, operands, attributes as never);
    // the gradient of a gradient is not declared for every operation
    return operation.kind === 'primitive' && operation.grad === undefined ? stopGradient(result) : result;
  };
  const wanted = dtypes[step.dtype % dtypes.length]!;
  try {
    draft.nodes.push(build(wanted));
  } catch (error) {
    // the operation has no meaning for this type
    if (!isLimbeckError(error) || wanted === 'float32') throw error;
    draft.nodes.push(build('float32'));
  }
}

/**
 * A program of the steps given over operations with samples: their shapes and attributes come from the declarations, so that
 * an operation is covered by being declared. Its outputs are the nodes that no other node reads, and what its kind asks for
 * besides.
 */
export function randomProgram(
  steps: readonly Step[],
  operations: readonly SampledOperation[],
  kind: ProgramKind = 'forward',
): RandomProgram {
  const draft = new Draft();
  for (const step of steps) addStep(draft, operations, step);
  const reached = reachedFrom(draft.nodes);
  const ends = [...new Set(draft.nodes)].filter((node) => !reached.has(node));
  const leaves = [...reached].filter(({ operation }) => operation.kind === 'leaf');
  const more = extrasOf(kind, { ends, leaves, seed: steps[0]!.seed });
  const target = program({
    name: 'random',
    outputs: new Map([...ends.map((node, i): [string, Tensor] => [`y${i}`, node]), ...more.outputs]),
    updates: more.updates,
  });
  const kept = <T>(all: ReadonlyMap<string, T>, names: readonly string[]) =>
    new Map([...all].filter(([name]) => names.includes(name)));
  return {
    program: target,
    inputs: kept(draft.inputs, target.inputs.map(leafName)),
    state: kept(
      draft.state,
      target.state.map(({ name }) => name),
    ),
  };
}

/** What nodes read, directly or not. */
function reachedFrom(nodes: readonly Tensor[]): ReadonlySet<Tensor> {
  const read = new Set<Tensor>();
  const visit = (node: Tensor) => {
    for (const input of node.inputs) {
      if (read.has(input)) continue;
      read.add(input);
      visit(input);
    }
  };
  nodes.forEach(visit);
  return read;
}

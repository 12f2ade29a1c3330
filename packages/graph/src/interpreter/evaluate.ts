import { formatShape, isFloat, type StateDict, sameShape, type TensorData } from '../dtype.js';
import { GraphError } from '../errors.js';
import { constantValue, isConstant, isInput, leafName } from '../leaves.js';
import type { ReferenceValue } from '../operation.js';
import { inlineComposites } from '../passes/inline-composites.js';
import { checkState, nodesOf, type Program, rootsOf, signatureOf } from '../program.js';
import type { Tensor } from '../tensor.js';
import { fromReference, roundTo, toReference } from './values.js';

/** Accuracy of the interpreter: `float64` keeps every intermediate result exact to double precision, `float32` rounds after each operation. */
export type InterpreterPrecision = 'float32' | 'float64';

/** Result of running a program once. */
export interface Evaluation {
  readonly outputs: ReadonlyMap<string, ReferenceValue>;
  readonly state: ReadonlyMap<string, ReferenceValue>;
}

/** One primitive applied to values: what the operation means. */
export function evaluateNode(node: Tensor, inputs: readonly ReferenceValue[]): ReferenceValue {
  const { operation, attributes, shape, dtype } = node;
  if (operation.kind !== 'primitive') {
    throw new GraphError(
      'GRAPH_INVALID',
      `'${operation.name}' is a ${operation.kind} and has no value of its own`,
      node.scope,
    );
  }
  return { shape, dtype, data: operation.reference(inputs, attributes as never, node) };
}

/**
 * The reference interpreter: slow, obvious, the specification every backend is tested against.
 *
 * @throws GraphError when an input or a state value is missing or has another shape
 */
export function evaluate(
  target: Program,
  inputs: ReadonlyMap<string, ReferenceValue>,
  state: ReadonlyMap<string, ReferenceValue> = new Map(),
  { precision = 'float64' }: { precision?: InterpreterPrecision } = {},
): Evaluation {
  const inlined = inlineComposites(target);
  const nodes = nodesOf(inlined);
  const remaining = new Map<Tensor, number>();
  for (const node of nodes)
    for (const input of node.inputs) remaining.set(input, (remaining.get(input) ?? 0) + 1);
  for (const root of rootsOf(inlined)) remaining.set(root, Number.POSITIVE_INFINITY);
  const values = new Map<Tensor, ReferenceValue>();
  for (const node of nodes) {
    values.set(node, valueOfNode(node, values, inputs, state, precision));
    for (const input of node.inputs) {
      const left = remaining.get(input)! - 1;
      remaining.set(input, left);
      if (left === 0) values.delete(input);
    }
  }
  return {
    outputs: new Map([...inlined.outputs].map(([name, node]) => [name, values.get(node)!])),
    state: new Map(inlined.state.map(({ name, next }) => [name, values.get(next)!])),
  };
}

function valueOfNode(
  node: Tensor,
  values: ReadonlyMap<Tensor, ReferenceValue>,
  inputs: ReadonlyMap<string, ReferenceValue>,
  state: ReadonlyMap<string, ReferenceValue>,
  precision: InterpreterPrecision,
): ReferenceValue {
  if (node.operation.kind === 'leaf' && !isConstant(node)) {
    return given(node, isInput(node) ? inputs : state);
  }
  const value = isConstant(node)
    ? constantValue(node)
    : evaluateNode(
        node,
        node.inputs.map((input) => values.get(input)!),
      );
  if (precision === 'float32' || !isFloat(node.dtype)) roundTo(value);
  return value;
}

/** The value handed in for an input or a state leaf. */
function given(leaf: Tensor, values: ReadonlyMap<string, ReferenceValue>): ReferenceValue {
  const value = values.get(leafName(leaf));
  if (value !== undefined && sameShape(value.shape, leaf.shape) && value.dtype === leaf.dtype) return value;
  const found = value === undefined ? 'and is missing' : `not ${value.dtype} ${formatShape(value.shape)}`;
  throw new GraphError(
    'GRAPH_SHAPE',
    `${leaf.operation.name} '${leafName(leaf)}' must be ${leaf.dtype} ${formatShape(leaf.shape)}, ${found}`,
  );
}

/** {@link evaluate} on host tensors. */
export function interpret(
  target: Program,
  inputs: ReadonlyMap<string, TensorData>,
  state: StateDict = new Map(),
  options: { precision?: InterpreterPrecision } = {},
): { outputs: Map<string, TensorData>; state: Map<string, TensorData> } {
  checkState(signatureOf(target), state);
  const convert = (tensors: ReadonlyMap<string, TensorData>) =>
    new Map([...tensors].map(([name, tensor]) => [name, toReference(tensor)]));
  const result = evaluate(target, convert(inputs), convert(state), options);
  const back = (tensors: ReadonlyMap<string, ReferenceValue>) =>
    new Map([...tensors].map(([name, value]) => [name, fromReference(value)]));
  return { outputs: back(result.outputs), state: back(result.state) };
}

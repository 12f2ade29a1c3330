import { LimbeckError } from '@limbeck/core';
import type { OnnxGraph, OnnxNode } from '@limbeck/formats';
import type { TensorData } from '@limbeck/graph';
import type { ForeignDeclaration, Link } from '../../run/foreign-model.js';
import { makersOf } from './doubts.js';

const links: Readonly<Record<string, Link>> = { Softmax: 'softmax', Sigmoid: 'sigmoid' };

/** Operators that hand values on as they are. */
const handsOn: ReadonlySet<string> = new Set([
  ...['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Cast', 'Dropout'],
  ...['QuantizeLinear', 'DequantizeLinear'],
]);

/** The node that turns logits into probabilities right before a tensor, where there is one. */
function linkBefore(graph: OnnxGraph, tensor: string): OnnxNode | undefined {
  const makers = makersOf(graph);
  let node = makers.get(tensor);
  for (let steps = 0; node !== undefined && handsOn.has(node.opType) && steps < graph.nodes.length; steps++) {
    node = makers.get(node.inputs[0] ?? '');
  }
  return node !== undefined && links[node.opType] !== undefined ? node : undefined;
}

/** How far the sum of a row of probabilities may be from 1: float16 and int8 round. */
const tolerance = 5e-3;

/** What rows of values look like: probabilities of classes, of each class alone, or neither. */
function linkOf({ data, shape }: TensorData): Link | undefined {
  const values = data as Float32Array;
  if (!values.every((value) => value >= 0 && value <= 1) || values.every((value) => value === values[0])) {
    return undefined;
  }
  const classes = values.length / shape[0]!;
  const sums = Array.from({ length: shape[0]! }, (_, row) =>
    values.subarray(row * classes, (row + 1) * classes).reduce((sum, value) => sum + value, 0),
  );
  return sums.every((sum) => Math.abs(sum - 1) < tolerance) ? 'softmax' : 'sigmoid';
}

/**
 * Finds out whether what is called logits are probabilities.
 *
 * @param values what the model gave for some images
 * @returns what made them of logits, to be undone; nothing for logits
 * @throws LimbeckError PRECONDITION where they are and nothing is said of it, or where that is said and they are not
 */
export function probabilityLink(
  graph: OnnxGraph,
  values: TensorData,
  { tensor, source, outputs }: { tensor: string; source: string; outputs: ForeignDeclaration['outputs'] },
): Link | undefined {
  if (outputs === 'logits') return undefined;
  const node = linkBefore(graph, tensor);
  const link = node === undefined ? linkOf(values) : links[node.opType];
  if (outputs === 'probabilities') {
    if (link !== undefined) return link;
    throw new LimbeckError('PRECONDITION', `${source}: values of '${tensor}' are no probabilities`, {
      hint: 'leave teacher.outputs out, or name the tensor that holds them in teacher.logits',
    });
  }
  if (link === undefined) return undefined;
  const before = node?.inputs[0];
  const made =
    node === undefined
      ? link === 'softmax'
        ? 'its rows lie in [0, 1] and sum to 1'
        : 'its values lie in [0, 1]'
      : `node '${node.name || node.outputs[0]}' (${node.opType}) makes them of '${before}'`;
  const instead =
    before === undefined
      ? 'name the tensor before it in teacher.logits'
      : `teacher.logits: '${before}' takes what stands before it`;
  throw new LimbeckError('PRECONDITION', `${source}: '${tensor}' holds probabilities, not logits: ${made}`, {
    hint: `${instead}; or say teacher.outputs: probabilities, whose logarithm is taken (logits where they are logits all the same)`,
    details: { source, tensor, before, link },
  });
}

/** The smallest normal number in float32: the logarithm of less is no number. */
const smallest = 2 ** -126;

/** Probabilities [N, classes] as logits: the logarithm, or for each class alone that of the odds. */
export function undoLink(values: Float32Array, link: Link): Float32Array {
  return link === 'softmax'
    ? values.map((p) => Math.log(Math.max(p, smallest)))
    : values.map((p) => Math.log(Math.max(p, smallest)) - Math.log(Math.max(1 - p, smallest)));
}

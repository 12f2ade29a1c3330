import { LimbeckError } from '@limbeck/core';
import type { Calibration } from '@limbeck/core/backend';
import type { OnnxModel, OnnxNode, OnnxTensor } from '@limbeck/formats';
import { ModelIndex } from './model-index.js';

/** A node that is to be computed in int8, from quantised inputs to a quantised output. */
export interface QuantizedNode {
  readonly node: OnnxNode;
  /** The value it stands for: its own result, or that of the activation after it. */
  readonly result: string;
}

/** What of a model is computed in int8. */
export interface QuantizationPlan {
  readonly nodes: ReadonlyMap<OnnxNode, QuantizedNode>;
  /** The product that gives the logits, where it is to be computed in int8: from a quantised input to float32. */
  readonly classifier: OnnxNode | undefined;
  /** Activations that the rounding of a quantised node performs by itself; they leave the model. */
  readonly absorbed: ReadonlySet<OnnxNode>;
  /** Values kept in 8 bits whose range has to be found. */
  readonly observed: readonly string[];
  /** Values that use the levels of another one: those of a maximum are among those it is taken of. */
  readonly sharing: ReadonlyMap<string, string>;
}

/** What computes as a calibration says; float32 where it says nothing. */
export type Ends = Pick<Calibration, 'firstConvolution' | 'classifier'>;

/**
 * Chooses what is computed in int8: convolutions with constant weights, the sums of what they make, and maxima over
 * windows of it. Pooling at the end stays float, and so do the first convolution and the classifier unless they are asked
 * for: they cost next to nothing, and their errors would reach every feature, or every logit.
 *
 * @param float32 convolutions that are not
 * @throws LimbeckError BACKEND_UNSUPPORTED where the classifier is asked for and none is found
 */
export function planQuantization(
  model: OnnxModel,
  { firstConvolution = 'float32', classifier: last = 'float32' }: Ends = {},
  float32: ReadonlySet<OnnxNode> = new Set(),
): QuantizationPlan {
  const index = new ModelIndex(model);
  const convolutions = new Set(
    [...constantConvolutions(index, firstConvolution)].filter((node) => !float32.has(node)),
  );
  const classifier = last === 'int8' ? findClassifier(index) : undefined;
  const nodes = new Map<OnnxNode, QuantizedNode>();
  const absorbed = new Set<OnnxNode>();
  const sharing = new Map<string, string>();
  const values = new Set([...convolutions].map(({ inputs }) => inputs[0]!));
  for (const node of model.graph.nodes) {
    const [input, other] = node.inputs as [string, string?];
    const isSum = node.opType === 'Add' && values.has(input) && values.has(other!);
    const isMaximum = node.opType === 'MaxPool' && node.outputs.length === 1 && values.has(input);
    if (!convolutions.has(node) && !isSum && !isMaximum) continue;
    const activations = isMaximum ? [] : activationsAfter(node, index);
    for (const activation of activations) absorbed.add(activation);
    const result = (activations.at(-1) ?? node).outputs[0]!;
    if (isMaximum) sharing.set(result, input);
    nodes.set(node, { node, result });
    values.add(result);
  }
  if (classifier !== undefined) values.add(classifier.inputs[0]!);
  const observed = [...values].filter((value) => !sharing.has(value));
  return { nodes, classifier, absorbed, observed, sharing };
}

/** The last matrix product by constant weights that is an output of the model. */
function findClassifier({ model: { graph }, initializers }: ModelIndex): OnnxNode {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const isConstant = (name: string) => initializers.get(name)?.dtype === 'float32';
  const found = graph.nodes.findLast(
    ({ opType, inputs: [, ...constants], outputs: [output], attributes: { transA } }) =>
      opType === 'Gemm' &&
      Number(transA?.value ?? 0) === 0 &&
      constants.every(isConstant) &&
      outputs.has(output!),
  );
  if (found !== undefined) return found;
  throw new LimbeckError('BACKEND_UNSUPPORTED', `'${graph.name}' has no classifier to compute in int8`, {
    hint: "no output is a product of vectors and constant weights: leave calibration.classifier at 'float32'",
  });
}

/** A ReLU, and the upper bound of a ReLU6: cutting off below zero and at the top is what the rounding does anyway. */
function activationsAfter(node: OnnxNode, index: ModelIndex): OnnxNode[] {
  const relu = index.soleReader(node.outputs[0]!);
  if (relu?.opType !== 'Relu') return [];
  const bound = index.soleReader(relu.outputs[0]!);
  const isBound =
    bound?.opType === 'Min' && bound.inputs.some((name) => isUpperBound(index.initializers.get(name)));
  return isBound ? [relu, bound] : [relu];
}

/** One number for all elements, and zero below it. */
const isUpperBound = (constant: OnnxTensor | undefined): boolean =>
  constant?.data.length === 1 && constant.data[0]! >= 0;

/** Convolutions by constant weights; those that no other one comes before only where the first is to be in int8. */
function constantConvolutions(
  { model, initializers }: ModelIndex,
  first: 'float32' | 'int8',
): ReadonlySet<OnnxNode> {
  const found = new Set<OnnxNode>();
  const convolved = new Set<string>();
  for (const node of model.graph.nodes) {
    const follows = node.inputs.some((input) => convolved.has(input));
    const isConvolution = node.opType === 'Conv' && (node.domain ?? '') === '';
    const [input, ...constants] = node.inputs as [string, ...string[]];
    const isConstant = constants.every((name) => initializers.get(name)?.dtype === 'float32');
    if (isConvolution && isConstant && (first === 'int8' || convolved.has(input))) found.add(node);
    if (follows || isConvolution) for (const output of node.outputs) convolved.add(output);
  }
  return found;
}

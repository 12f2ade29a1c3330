import { LimbeckError } from '@limbeck/core';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '@limbeck/formats';

/** Operators that draw numbers. */
const random: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
]);

/**
 * Refuses a model whose values are drawn, or depend on the other images of a batch, by what its nodes say.
 *
 * @param tensors that are asked for; nodes that none of them depends on do not count
 * @throws LimbeckError PRECONDITION naming the node
 */
export function refuseDoubtfulNodes(graph: OnnxGraph, tensors: Iterable<string>, source: string): void {
  const constants = constantsOf(graph);
  for (const node of ancestors(graph, tensors)) {
    const why = doubt(node, constants);
    if (why === undefined) continue;
    const name = node.name || node.outputs[0] || '';
    throw new LimbeckError('PRECONDITION', `${source}: node '${name}' (${node.opType}) ${why}`, {
      hint: 'export the model for inference: call model.eval() first, and leave training=TrainingMode.TRAINING out',
      details: { source, node: name, operator: node.opType },
    });
  }
}

function doubt(node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>): string | undefined {
  const { opType, inputs, attributes } = node;
  if (random.has(opType)) return 'draws numbers: the same image gives other values each time';
  if (opType === 'Dropout' && inputs[2]) {
    const training = constants.get(inputs[2]);
    if (training === undefined)
      return 'may be in training mode: the file leaves open whether it drops values';
    if (Number(training.data[0]) !== 0)
      return 'is in training mode: the same image gives other values each time';
  }
  const mode = attributes.training_mode;
  if (opType === 'BatchNormalization' && mode?.kind === 'int' && Number(mode.value) !== 0) {
    return 'is in training mode: what an image gives depends on the other images of its batch';
  }
  return undefined;
}

/** Tensors that are known before anything runs. */
function constantsOf({ initializers, nodes }: OnnxGraph): Map<string, OnnxTensor> {
  const constants = new Map(initializers.map((tensor) => [tensor.name, tensor]));
  for (const { opType, outputs, attributes } of nodes) {
    const value = opType === 'Constant' ? attributes.value : undefined;
    if (value?.kind === 'tensor' && outputs[0] !== undefined) constants.set(outputs[0], value.value);
  }
  return constants;
}

/** Nodes that some tensors depend on, those inside of others included. */
function* ancestors(graph: OnnxGraph, tensors: Iterable<string>): Generator<OnnxNode> {
  const makers = makersOf(graph);
  const seen = new Set<OnnxNode>();
  const open = [...tensors];
  while (open.length > 0) {
    const node = makers.get(open.pop()!);
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    yield node;
    open.push(...node.inputs);
    for (const attribute of Object.values(node.attributes)) {
      const inner =
        attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [];
      for (const one of inner) {
        yield* ancestors(
          one,
          one.outputs.map(({ name }) => name),
        );
        // what it takes from around it
        open.push(...one.nodes.flatMap(({ inputs }) => inputs));
      }
    }
  }
}

/** The node that makes a value, by the value's name. */
export const makersOf = ({ nodes }: OnnxGraph): ReadonlyMap<string, OnnxNode> =>
  new Map(nodes.flatMap((node) => node.outputs.filter(Boolean).map((name) => [name, node])));

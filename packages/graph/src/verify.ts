import { formatShape, sameShape } from './dtype.js';
import { GraphError } from './errors.js';
import type { Graph } from './graph.js';
import { isInput, isState, leafName } from './leaves.js';
import { nodesOf, type Program, rootsOf } from './program.js';
import type { Tensor } from './tensor.js';

type Fail = (message: string, node?: Tensor) => never;

/**
 * Checks that a program is legal: one graph, inputs before users, types as the shape rules say, every leaf declared, no
 * name twice. Passes and backends may rely on it; on in every test.
 *
 * @throws GraphError naming the first node that breaks a rule
 */
export function verify(target: Program): void {
  const fail: Fail = (message, node) => {
    throw new GraphError('GRAPH_INVALID', `program '${target.name}': ${message}`, node?.scope);
  };
  verifyDeclarations(target, fail);
  const graph = (target.inputs[0] ?? rootsOf(target)[0])?.graph;
  const declared = new Set([...target.inputs, ...target.state.map(({ current }) => current)]);
  for (const node of nodesOf(target)) {
    verifyNode(node, graph, fail);
    if ((isInput(node) || isState(node)) && !declared.has(node)) {
      fail(`${node.operation.name} '${leafName(node)}' is used but not declared`, node);
    }
  }
}

function verifyDeclarations({ inputs, state }: Program, fail: Fail): void {
  for (const leaf of inputs)
    if (!isInput(leaf)) fail(`'${leaf.operation.name}' is declared as an input`, leaf);
  unique('input', inputs.map(leafName), fail);
  unique(
    'state',
    state.map(({ name }) => name),
    fail,
  );
  for (const { name, current, next } of state) {
    if (!isState(current) || leafName(current) !== name) {
      fail(`state '${name}' does not hold the leaf of that name`, current);
    }
    if (!sameShape(current.shape, next.shape) || current.dtype !== next.dtype) {
      fail(
        `state '${name}' changes from ${current.dtype} ${formatShape(current.shape)} to ${next.dtype} ${formatShape(next.shape)}`,
        next,
      );
    }
  }
}

function verifyNode(node: Tensor, graph: Graph | undefined, fail: Fail): void {
  const { operation, inputs, attributes, scope } = node;
  if (node.graph !== graph || inputs.some((input) => input.graph !== graph)) {
    fail(`'${operation.name}' belongs to another graph`, node);
  }
  if (inputs.some((input) => input.id >= node.id)) fail(`'${operation.name}' reads a later node`, node);
  const type =
    operation.kind === 'composite'
      ? node.graph.decompositionOf(node)
      : operation.infer(inputs, attributes as never, scope);
  if (!sameShape(type.shape, node.shape) || type.dtype !== node.dtype) {
    fail(
      `'${operation.name}' claims ${node.dtype} ${formatShape(node.shape)}, its rule says ${type.dtype} ${formatShape(type.shape)}`,
      node,
    );
  }
}

function unique(what: string, names: readonly string[], fail: Fail): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail(`${what} '${name}' is declared twice`);
    seen.add(name);
  }
}

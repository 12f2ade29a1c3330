import { formatShape, sameShape } from './dtype.js';
import { GraphError } from './errors.js';
import { isInput, isState, leafName } from './leaves.js';
import { nodesOf, type Program } from './program.js';
import type { Tensor } from './tensor.js';

/**
 * Checks that a program is legal: one graph, inputs before users, types as the shape rules say, every leaf declared, no
 * name twice. Passes and backends may rely on it; on in every test.
 *
 * @throws GraphError naming the first node that breaks a rule
 */
export function verify(target: Program): void {
  const fail = (message: string, node?: Tensor): never => {
    throw new GraphError('GRAPH_INVALID', `program '${target.name}': ${message}`, node?.scope);
  };
  unique('input', target.inputs.map(leafName), fail);
  unique(
    'state',
    target.state.map(({ name }) => name),
    fail,
  );
  const inputs = new Set(target.inputs);
  const state = new Set(target.state.map(({ current }) => current));
  for (const node of nodesOf(target)) {
    if (isInput(node) && !inputs.has(node)) fail(`input '${leafName(node)}' is used but not declared`, node);
    if (isState(node) && !state.has(node)) fail(`state '${leafName(node)}' is used but not declared`, node);
    if (node.inputs.some((input) => input.id >= node.id))
      fail(`'${node.operation.name}' reads a later node`, node);
    if (node.inputs.some((input) => input.graph !== node.graph))
      fail(`'${node.operation.name}' mixes graphs`, node);
    const { operation } = node;
    const type =
      operation.kind === 'composite'
        ? node.graph.decompositionOf(node)
        : operation.infer(node.inputs, node.attributes as never, node.scope);
    if (!sameShape(type.shape, node.shape) || type.dtype !== node.dtype) {
      fail(
        `'${operation.name}' claims ${node.dtype} ${formatShape(node.shape)}, its rule says ${type.dtype} ${formatShape(type.shape)}`,
        node,
      );
    }
  }
  for (const { name, current, next } of target.state) {
    if (!sameShape(current.shape, next.shape) || current.dtype !== next.dtype) {
      fail(`state '${name}' changes from ${formatShape(current.shape)} to ${formatShape(next.shape)}`, next);
    }
  }
}

function unique(what: string, names: readonly string[], fail: (message: string) => never): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail(`${what} '${name}' is declared twice`);
    seen.add(name);
  }
}

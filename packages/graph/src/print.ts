import { formatShape } from './dtype.js';
import { isConstant, isInput, isPayload, isState, leafName } from './leaves.js';
import { nodesOf, type Program } from './program.js';
import type { AttributeValue, Tensor } from './tensor.js';

function printAttribute(value: AttributeValue): string {
  if (isPayload(value)) return `${value.dtype}${formatShape(value.shape)}`;
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}

/**
 * A program as text, one node a line, numbered from the top; for reading, for snapshots in tests.
 *
 * @example
 * program student
 *   %0 = input 'x' : float32[2, 3]
 *   %1 = relu(%0) : float32[2, 3]
 *   output y = %1
 */
export function print(target: Program): string {
  const names = new Map<Tensor, string>();
  const lines = [`program ${target.name}`];
  for (const node of nodesOf(target)) {
    const name = `%${names.size}`;
    names.set(node, name);
    const type = `${node.dtype}${formatShape(node.shape)}`;
    if (isInput(node) || isState(node)) {
      lines.push(`  ${name} = ${node.operation.name} '${leafName(node)}' : ${type}`);
      continue;
    }
    const attributes = Object.entries(node.attributes)
      .filter(([key]) => !(isConstant(node) && key === 'dtype'))
      .map(([key, value]) => `${key}=${printAttribute(value)}`);
    const inputs = node.inputs.map((input) => names.get(input)!);
    const place = node.scope === '' ? '' : ` @ ${node.scope}`;
    lines.push(
      `  ${name} = ${node.operation.name}(${[...inputs, ...attributes].join(', ')}) : ${type}${place}`,
    );
  }
  for (const { name, current, next } of target.state) {
    if (next !== current) lines.push(`  state '${name}' <- ${names.get(next)}`);
  }
  for (const [name, node] of target.outputs) lines.push(`  output ${name} = ${names.get(node)}`);
  return `${lines.join('\n')}\n`;
}

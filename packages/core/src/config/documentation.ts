import * as z from 'zod';
import { runSchema } from './schema.js';

/** The part of a JSON Schema that is read here. */
interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** What the schema says about the keys of a configuration. */
export interface Documentation {
  /** Every path of the schema; `*` is any index. */
  readonly paths: readonly string[];
  /** Keys an object at a path may have. */
  keysAt(path: readonly string[]): readonly string[];
  /** What a key means. */
  describe(path: readonly string[]): string | undefined;
}

/** The schema of a configuration as JSON Schema (2020-12), for editors and documentation. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(runSchema, { io: 'input', unrepresentable: 'any' });
}

/** Reads keys and descriptions off the schema. */
export function documentation(): Documentation {
  const root = configJsonSchema() as Node;
  const childrenOf = (node: Node): [string, Node][] => [
    ...Object.entries(node.properties ?? {}),
    ...(node.items ? ([['*', node.items]] as [string, Node][]) : []),
    ...(node.anyOf ?? []).flatMap(childrenOf),
  ];
  const nodeAt = (path: readonly string[]): Node[] =>
    path.reduce<Node[]>(
      (nodes, part) =>
        nodes.flatMap((node) =>
          childrenOf(node)
            .filter(([key]) => key === part || (key === '*' && /^\d+$/.test(part)))
            .map(([, child]) => child),
        ),
      [root],
    );
  const walk = (node: Node, path: string): string[] =>
    childrenOf(node).flatMap(([key, child]) => {
      const at = path === '' ? key : `${path}.${key}`;
      return [at, ...walk(child, at)];
    });
  return {
    paths: [...new Set(walk(root, ''))],
    keysAt: (path) => [
      ...new Set(
        nodeAt(path)
          .flatMap(childrenOf)
          .map(([key]) => key),
      ),
    ],
    describe: (path) => nodeAt(path).find(({ description }) => description !== undefined)?.description,
  };
}

import { nodesOf, type Program, rootsOf, type Tensor } from '@limbeck/graph';

/** What lowerings ask about the program around a node. */
export class ProgramFacts {
  readonly nodes: readonly Tensor[];
  readonly #readers = new Map<Tensor, number>();
  readonly #normalizations = new Map<Tensor, Tensor>();
  readonly #gradients = new Map<Tensor, Tensor>();

  constructor(program: Program) {
    this.nodes = nodesOf(program);
    const read = (tensor: Tensor) => this.#readers.set(tensor, (this.#readers.get(tensor) ?? 0) + 1);
    const first = (found: Map<Tensor, Tensor>, key: Tensor, node: Tensor) => {
      if (!found.has(key)) found.set(key, node);
    };
    for (const node of this.nodes) {
      for (const input of node.inputs) read(input);
      const [map, scale, bias] = node.inputs;
      // leaves have values before anything else, so that whoever asks first can make the layer's node
      if (node.operation.name === 'batchNormTraining' && [scale!, bias!].every(isLeaf))
        first(this.#normalizations, map!, node);
      if (node.operation.name === 'batchNormInputGradient' && isLeaf(node.inputs[2]!))
        first(this.#gradients, map!, node);
    }
    for (const root of rootsOf(program)) read(root);
  }

  /** True where one node reads a tensor and nothing else does. */
  hasSoleReader(tensor: Tensor): boolean {
    return this.#readers.get(tensor) === 1;
  }

  /** The layer that normalises a map by its own statistics, which it then gives away for nothing. */
  normalizationOf(map: Tensor): Tensor | undefined {
    return this.#normalizations.get(map);
  }

  /** The gradient of such a layer for its input that reads `dy`: it sums `dy` over each channel by the way. */
  normalizationGradientOf(dy: Tensor): Tensor | undefined {
    return this.#gradients.get(dy);
  }
}

const isLeaf = ({ operation }: Tensor): boolean => operation.kind === 'leaf';

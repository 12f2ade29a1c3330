import { nodesOf, type Program, readersOf, type Tensor } from '@limbeck/graph';

/** What lowerings ask about the program around a node. */
export class ProgramFacts {
  readonly nodes: readonly Tensor[];
  readonly #readers: ReadonlyMap<Tensor, number>;
  readonly #normalizations = new Map<Tensor, Tensor>();

  constructor(program: Program) {
    this.nodes = nodesOf(program);
    this.#readers = readersOf(program, this.nodes);
    for (const node of this.nodes) {
      const [map, scale, bias] = node.inputs;
      // leaves have values before anything else, so that whoever asks first can make the layer's node
      const early = node.operation.name === 'batchNormTraining' && [scale!, bias!].every(isLeaf);
      if (early && !this.#normalizations.has(map!)) this.#normalizations.set(map!, node);
    }
  }

  /** True where one node reads a tensor and nothing else does. */
  hasSoleReader(tensor: Tensor): boolean {
    return this.#readers.get(tensor) === 1;
  }

  /** The layer that normalises a map by its own statistics, which it then gives away for nothing. */
  normalizationOf(map: Tensor): Tensor | undefined {
    return this.#normalizations.get(map);
  }
}

const isLeaf = ({ operation }: Tensor): boolean => operation.kind === 'leaf';

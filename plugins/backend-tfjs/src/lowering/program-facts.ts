import { nodesOf, type Program, readersOf, type Tensor } from '@limbeck/graph';

/** What lowerings ask about the program around a node. */
export class ProgramFacts {
  readonly nodes: readonly Tensor[];
  readonly #readers: ReadonlyMap<Tensor, number>;
  readonly #normalizations = new Map<Tensor, Tensor>();
  readonly #gradients = new Map<Tensor, Tensor[]>();

  constructor(program: Program) {
    this.nodes = nodesOf(program);
    this.#readers = readersOf(program, this.nodes);
    for (const node of this.nodes) {
      const [map, ...parameters] = node.inputs;
      // leaves have values before anything else, so that whoever asks first can make the layer's node
      const known = node.operation.name === 'batchNormTraining' && parameters.every(isLeaf);
      if (known && !this.#normalizations.has(map!)) this.#normalizations.set(map!, node);
      if (node.operation.name === 'batchNormInputGradient' && isLeaf(node.inputs[2]!))
        this.#gradients.set(map!, [...(this.#gradients.get(map!) ?? []), node]);
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

  /** The gradients of such layers for their inputs that read `dy`: each sums `dy` over the channels by the way. */
  normalizationGradientsOf(dy: Tensor): readonly Tensor[] {
    return this.#gradients.get(dy) ?? [];
  }
}

const isLeaf = ({ operation }: Tensor): boolean => operation.kind === 'leaf';

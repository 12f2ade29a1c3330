import type { OnnxModel, OnnxNode, OnnxTensor } from '@limbeck/formats';

/** Who makes and who reads the values of a model. */
export class ModelIndex {
  readonly model: OnnxModel;
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly #readers = new Map<string, OnnxNode[]>();
  readonly #outputs: ReadonlySet<string>;

  constructor(model: OnnxModel) {
    this.model = model;
    this.initializers = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
    this.#outputs = new Set(model.graph.outputs.map(({ name }) => name));
    for (const node of model.graph.nodes) {
      for (const input of new Set(node.inputs)) {
        const readers = this.#readers.get(input);
        if (readers === undefined) this.#readers.set(input, [node]);
        else readers.push(node);
      }
    }
  }

  /** The one node that reads a value; undefined where there are several, none, or the value leaves the model. */
  soleReader(value: string): OnnxNode | undefined {
    const readers = this.#readers.get(value) ?? [];
    return readers.length === 1 && !this.#outputs.has(value) ? readers[0] : undefined;
  }
}

import { LimbeckError } from '@limbeck/core';
import {
  checkFeeds,
  type Feeds,
  type Fetches,
  type LoadedModel,
  type ModelPort,
} from '@limbeck/core/backend';
import type { OnnxGraph, OnnxValue } from '@limbeck/formats';
import type { InferenceSession } from 'onnxruntime-node';
import { messageOf, type Runtime } from './runtime.js';
import { unwrap, wrap } from './tensors.js';

/** A dimension nobody has named may take any size too. */
export const portOf = ({ name, dtype, shape }: OnnxValue): ModelPort => ({
  name,
  dtype: dtype ?? 'float32',
  shape: (shape ?? []).map((size, axis) => size ?? `${name}.${axis}`),
});

/** What the runtime found out about an output; it infers types that the file does not say. */
export const outputPort = (output: InferenceSession.ValueMetadata): ModelPort => ({
  name: output.name,
  dtype: output.isTensor ? output.type : 'no tensor',
  shape: output.isTensor
    ? output.shape.map((size, axis) => (size === '' || size === -1 ? `${output.name}.${axis}` : size))
    : [],
});

/** Element types that come back as host tensors; outputs of others, such as int64, stay inside. */
const hostTypes: ReadonlySet<string> = new Set(['float32', 'int32', 'bool', 'int8', 'uint8']);

interface Facts {
  /** What messages call it. */
  readonly name: string;
  readonly outputs: readonly string[];
  readonly runtime: Runtime;
  readonly session: InferenceSession;
}

/** A model of someone else's, as it came from a file. */
export class LoadedOnnxModel implements LoadedModel {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly #name: string;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  #disposed: Promise<void> | undefined;

  /** @param outputs to give, in this order */
  constructor(graph: OnnxGraph, { name, outputs, runtime, session }: Facts) {
    // older files list their weights among the inputs; weights have values already
    const initialized = new Set(graph.initializers.map((tensor) => tensor.name));
    this.inputs = graph.inputs.filter((input) => !initialized.has(input.name)).map(portOf);
    const known = new Map(session.outputMetadata.map((output) => [output.name, output]));
    this.outputs = outputs
      .map((output) => outputPort(known.get(output)!))
      .filter(({ dtype }) => hostTypes.has(dtype));
    this.#name = name;
    this.#runtime = runtime;
    this.#session = session;
  }

  async run(inputs: Feeds): Promise<Fetches> {
    if (this.#disposed !== undefined) {
      throw new LimbeckError(
        'BACKEND_FAILED',
        `model '${this.#name}' was disposed of and cannot be run any more`,
        {
          hint: 'load the file again',
        },
      );
    }
    checkFeeds(this.#name, this.inputs, inputs);
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [name, wrap(this.#runtime, tensor)]),
    );
    try {
      const results = await this.#session.run(
        feeds,
        this.outputs.map(({ name }) => name),
      );
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, unwrap(tensor)]));
    } catch (cause) {
      throw new LimbeckError('BACKEND_FAILED', `model '${this.#name}' failed: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#session.release();
    return this.#disposed;
  }
}

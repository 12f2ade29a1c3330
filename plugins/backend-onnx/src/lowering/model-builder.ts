import { LimbeckError } from '@limbeck/core';
import {
  attr,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from '@limbeck/formats';
import { type DType, type Tensor, type TensorData, tensorData } from '@limbeck/graph';
import { irVersionOf } from './opset.js';
import type { ProgramFacts } from './program-facts.js';
import type { LoweringTarget } from './target.js';

/** Operators of onnxruntime's own. */
export type Domain = '' | 'com.microsoft' | 'com.microsoft.nchwc';

type Attributes = Readonly<Record<string, OnnxAttribute>>;

interface DraftNode {
  readonly opType: string;
  readonly domain: Domain;
  readonly inputs: readonly string[];
  readonly outputs: string[];
  readonly name: string;
  readonly attributes: Attributes;
}

/** A value of the model under a name of its own: an input or an output. */
export interface Port {
  readonly name: string;
  /** The value behind it, as {@link ModelBuilder.emit} returned it. */
  readonly value: string;
  readonly tensor: Tensor;
}

/**
 * Collects the nodes of one ONNX model. Equal nodes and equal constants are made once, nodes nothing depends on are
 * left out, and every node's name begins with the scope it came from, so that profiles and errors name the place.
 */
export class ModelBuilder {
  readonly target: LoweringTarget;
  readonly facts: ProgramFacts;
  /** Scope of the program's node being lowered. */
  scope = '';
  readonly #nodes = new Map<string, DraftNode>();
  readonly #values = new Map<Tensor, string>();
  readonly #initializers: OnnxTensor[] = [];
  readonly #payloads = new Map<TensorData, string>();
  readonly #literals = new Map<string, string>();
  readonly #taken: Set<string>;

  /**
   * @param reserved names of the model's inputs and outputs
   * @param facts about the program being lowered
   */
  constructor(target: LoweringTarget, reserved: Iterable<string>, facts: ProgramFacts) {
    this.target = target;
    this.facts = facts;
    this.#taken = new Set(reserved);
  }

  /** One operator with one result; returns the name of the value. */
  emit(opType: string, inputs: readonly string[], attributes: Attributes = {}, domain: Domain = ''): string {
    return this.emitAll(opType, inputs, attributes, 1, domain)[0]!;
  }

  /** One operator with several results. Optional results are added to an equal node that was made without them. */
  emitAll(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes,
    results: number,
    domain: Domain = '',
  ): readonly string[] {
    if (domain !== '' && this.target.portable) {
      throw new LimbeckError('BACKEND_UNSUPPORTED', `${domain}.${opType} is no operator of ONNX itself`);
    }
    const key = `${domain}:${opType}(${inputs.join()})${JSON.stringify(attributes)}`;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const name = this.#fresh(`${this.scope}/${opType}`);
      node = { opType, domain, inputs, outputs: [], name, attributes };
      this.#nodes.set(key, node);
    }
    while (node.outputs.length < results) {
      const position = node.outputs.length;
      node.outputs.push(position === 0 ? node.name : this.#fresh(`${node.name}.${position}`));
    }
    return node.outputs;
  }

  /** Data known when the model is built. It is not copied until the model is encoded. */
  constant(data: TensorData): string {
    if (data.data.length <= 64) return this.#literal(data.dtype, data.shape, data.data);
    let name = this.#payloads.get(data);
    if (name === undefined) {
      name = this.#fresh(`${this.scope}/constant`);
      this.#payloads.set(data, name);
      this.#initializers.push({ name, ...data });
    }
    return name;
  }

  /** A scalar of an element type. */
  scalar(value: number, dtype: DType = 'float32'): string {
    const data = tensorData(dtype, []);
    data.data[0] = value;
    return this.#literal(dtype, [], data.data);
  }

  /** A constant that the lowering itself needs, computed once for a `key`. */
  cached(key: string, make: () => TensorData): string {
    let name = this.#literals.get(key);
    if (name === undefined) {
      name = this.constant(make());
      this.#literals.set(key, name);
    }
    return name;
  }

  /** A vector of `size` equal numbers. */
  filled(value: number, size: number): string {
    return this.cached(`${size} times ${value}`, () =>
      tensorData('float32', [size], new Float32Array(size).fill(value)),
    );
  }

  /** Shapes, axes and bounds: a vector of 64-bit integers. */
  int64(values: readonly number[]): string {
    return this.#literal('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** The same elements in another shape; 0 keeps the size of that axis, -1 takes what is left. */
  reshape(value: string, shape: readonly number[]): string {
    return this.emit('Reshape', [value, this.int64(shape)]);
  }

  transpose(value: string, order: readonly number[]): string {
    return this.emit('Transpose', [value], { perm: attr.ints(order) });
  }

  /** Parts of some axes. */
  slice(
    value: string,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps: readonly number[] = axes.map(() => 1),
  ): string {
    return this.emit('Slice', [value, ...[starts, ends, axes, steps].map((list) => this.int64(list))]);
  }

  /** Notes the value a node of the program became. */
  define(tensor: Tensor, value: string): void {
    this.#values.set(tensor, value);
  }

  /** The value a node of the program became. */
  valueOf(tensor: Tensor): string {
    return this.#values.get(tensor)!;
  }

  /** The model that computes `outputs`. */
  finish(
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
    metadata: Readonly<Record<string, string>> = {},
  ): OnnxModel {
    const renamed = new Map<string, string>();
    const produced = new Set([...this.#nodes.values()].flatMap((node) => node.outputs));
    const copies: OnnxNode[] = [];
    for (const output of outputs) {
      if (produced.has(output.value) && !renamed.has(output.value)) renamed.set(output.value, output.name);
      else copies.push(identity(output));
    }
    const rename = (value: string) => renamed.get(value) ?? value;
    const needed = this.#needed(outputs.map((output) => output.value));
    const nodes = [...this.#nodes.values()].filter((node) => needed.has(node));
    const used = new Set([...nodes.flatMap((node) => node.inputs), ...copies.flatMap((node) => node.inputs)]);
    const domains = new Set<string>(['', ...nodes.map((node) => node.domain)]);
    return {
      irVersion: irVersionOf(this.target.opset),
      opsetImports: [...domains].map((domain) => ({
        domain,
        version: domain === '' ? this.target.opset : 1,
      })),
      producerName: 'limbeck',
      metadata,
      graph: {
        name,
        nodes: [...nodes, ...copies].map((node) => ({
          ...node,
          inputs: node.inputs.map(rename),
          outputs: node.outputs.map(rename),
        })),
        inputs: inputs.map((port) => this.#describe(port)),
        outputs: outputs.map((port) => this.#describe(port)),
        initializers: this.#initializers.filter((tensor) => used.has(tensor.name)),
      },
    };
  }

  #needed(roots: readonly string[]): Set<DraftNode> {
    const producers = new Map<string, DraftNode>();
    for (const node of this.#nodes.values()) for (const output of node.outputs) producers.set(output, node);
    const needed = new Set<DraftNode>();
    const stack = [...roots];
    while (stack.length > 0) {
      const node = producers.get(stack.pop()!);
      if (node === undefined || needed.has(node)) continue;
      needed.add(node);
      stack.push(...node.inputs);
    }
    return needed;
  }

  #describe({ name, tensor }: Port): OnnxValue {
    const batch = this.target.batchAxis?.(tensor);
    const shape: OnnxDimension[] = tensor.shape.map((size, axis) => (axis === batch ? 'batch' : size));
    return { name, dtype: tensor.dtype, shape };
  }

  #literal(
    dtype: OnnxTensor['dtype'],
    shape: readonly number[],
    data: TensorData['data'] | BigInt64Array,
  ): string {
    const key = `${dtype}[${shape}]${data.join()}`;
    let name = this.#literals.get(key);
    if (name === undefined) {
      name = this.#fresh(`/${dtype}`);
      this.#literals.set(key, name);
      this.#initializers.push({ name, dtype, shape, data: data as never });
    }
    return name;
  }

  #fresh(stem: string): string {
    let name = `${stem}_${this.#taken.size}`;
    while (this.#taken.has(name)) name += '_';
    this.#taken.add(name);
    return name;
  }
}

/** An output that is an input, a constant or another output as well needs a node to bear its name. */
const identity = ({ name, value }: Port): OnnxNode => ({
  opType: 'Identity',
  inputs: [value],
  outputs: [name],
  name: `/Identity:${name}`,
  attributes: {},
});

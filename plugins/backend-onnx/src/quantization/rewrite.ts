import { attr, type ElementArrays, type OnnxModel, type OnnxNode, type OnnxTensor } from '@limbeck/formats';
import type { Levels } from './levels.js';
import type { QuantizationPlan, QuantizedNode } from './plan.js';
import { quantizeWeights, type WeightBits } from './weights.js';

export interface RewriteOptions {
  readonly plan: QuantizationPlan;
  /** Of every value kept in 8 bits. */
  readonly levels: ReadonlyMap<string, Levels>;
  readonly bits: WeightBits;
}

/**
 * The model with pairs of `QuantizeLinear` and `DequantizeLinear` around what is computed in int8: the form from which
 * runtimes make integer kernels. Inputs and outputs keep their names and stay float32.
 */
export function rewrite(model: OnnxModel, options: RewriteOptions): OnnxModel {
  const rewriting = new Rewriting(model, options);
  rewriting.addInputs();
  for (const node of model.graph.nodes) rewriting.add(node);
  return rewriting.finish();
}

class Rewriting {
  readonly #model: OnnxModel;
  readonly #plan: QuantizationPlan;
  readonly #levels: ReadonlyMap<string, Levels>;
  readonly #bits: WeightBits;
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  readonly #nodes: OnnxNode[] = [];
  readonly #added: OnnxTensor[] = [];
  /** Values that float nodes make: their 8-bit form, for quantised readers. */
  readonly #rounded = new Map<string, string>();

  constructor(model: OnnxModel, { plan, levels, bits }: RewriteOptions) {
    this.#model = model;
    this.#plan = plan;
    this.#levels = levels;
    this.#bits = bits;
    this.#constants = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  }

  /** Images that a quantised convolution reads. */
  addInputs(): void {
    for (const { name } of this.#model.graph.inputs) this.#round(name);
  }

  add(node: OnnxNode): void {
    if (this.#plan.absorbed.has(node)) return;
    const quantized = this.#plan.nodes.get(node);
    if (node === this.#plan.classifier) this.#addClassifier(node);
    else if (quantized === undefined) this.#addFloat(node);
    else this.#addQuantized(quantized);
  }

  finish(): OnnxModel {
    const { graph } = this.#model;
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    const initializers = [...graph.initializers.filter(({ name }) => used.has(name)), ...this.#added];
    return { ...this.#model, graph: { ...graph, nodes: this.#nodes, initializers } };
  }

  /** Float readers get what a float node makes as it is. */
  #addFloat(node: OnnxNode): void {
    this.#nodes.push(node);
    for (const output of node.outputs) this.#round(output);
  }

  /** Gives a float value its 8-bit form, where it has one. */
  #round(value: string): void {
    if (!this.#levels.has(value)) return;
    const rounded = `${value}/rounded`;
    this.#rounded.set(value, rounded);
    this.#roundTrip(value, value, rounded);
  }

  #addQuantized({ node, result }: QuantizedNode): void {
    const inputs =
      node.opType === 'Conv'
        ? this.#weightedInputs(node, this.#constants.get(node.inputs[1]!)!)
        : node.inputs.map((input) => this.#read(input));
    const exact = `${result}/exact`;
    this.#nodes.push({ ...node, inputs, outputs: [exact] });
    this.#roundTrip(result, exact, result);
  }

  /** From an 8-bit input to float32: nothing in int8 reads it. */
  #addClassifier(node: OnnxNode): void {
    const weight = this.#constants.get(node.inputs[1]!)!;
    const isTransposed = Number(node.attributes.transB?.value ?? 0) === 1;
    const inputs = this.#weightedInputs(node, isTransposed ? weight : transposed(weight));
    this.#nodes.push({ ...node, inputs, attributes: { ...node.attributes, transB: attr.int(1) } });
  }

  /** @param kernel with output channels first */
  #weightedInputs({ name, inputs: [x, , bias] }: OnnxNode, kernel: OnnxTensor): string[] {
    const { scale: inputScale } = this.#levels.get(x!)!;
    const quantized = quantizeWeights(kernel, this.#constants.get(bias ?? ''), {
      inputScale,
      bits: this.#bits,
    });
    const { scales } = quantized;
    const inputs = [
      this.#read(x!),
      this.#constant(`${name}/weight`, 'int8', kernel.shape, quantized.weight, scales),
    ];
    if (quantized.bias === undefined) return inputs;
    const biasScales = scales.map((scale) => scale * inputScale);
    return [...inputs, this.#constant(`${name}/bias`, 'int32', [scales.length], quantized.bias, biasScales)];
  }

  /** The form in which a quantised node reads a value. */
  #read(value: string): string {
    return this.#rounded.get(value) ?? value;
  }

  /** From `exact` to the 8 bits of a value, and back to float32 as `rounded`. */
  #roundTrip(value: string, exact: string, rounded: string): void {
    const { scale, zeroPoint } = this.#levels.get(value)!;
    const factors = [
      this.#initializer(`${value}/scale`, 'float32', [], Float32Array.of(scale)),
      this.#initializer(`${value}/zero`, 'uint8', [], Uint8Array.of(zeroPoint)),
    ];
    const levels = `${value}/levels`;
    this.#nodes.push(
      this.#node('QuantizeLinear', `${value}_QuantizeLinear`, [exact, ...factors], levels),
      this.#node('DequantizeLinear', `${value}_DequantizeLinear`, [levels, ...factors], rounded),
    );
  }

  /** Integers with a scale for each channel of the first axis. */
  #constant<T extends 'int8' | 'int32'>(
    name: string,
    dtype: T,
    shape: readonly number[],
    data: ElementArrays[T],
    scales: Float32Array,
  ): string {
    const channels = [scales.length];
    const zeros = dtype === 'int8' ? new Int8Array(scales.length) : new Int32Array(scales.length);
    const inputs = [
      this.#initializer(`${name}/levels`, dtype, shape, data),
      this.#initializer(`${name}/scale`, 'float32', channels, scales),
      this.#initializer(`${name}/zero`, dtype, channels, zeros as ElementArrays[T]),
    ];
    this.#nodes.push(
      this.#node('DequantizeLinear', `${name}_DequantizeLinear`, inputs, name, { axis: attr.int(0) }),
    );
    return name;
  }

  #initializer<T extends OnnxTensor['dtype']>(
    name: string,
    dtype: T,
    shape: readonly number[],
    data: ElementArrays[T],
  ): string {
    this.#added.push({ name, dtype, shape, data } as OnnxTensor);
    return name;
  }

  #node(
    opType: string,
    name: string,
    inputs: readonly string[],
    output: string,
    attributes: OnnxNode['attributes'] = {},
  ): OnnxNode {
    return { opType, name, inputs, outputs: [output], attributes };
  }
}

/** [I, O] -> [O, I]. */
function transposed({ shape: [rows, columns], data, ...rest }: OnnxTensor): OnnxTensor {
  const [height, width] = [rows!, columns!];
  const turned = Float32Array.from(
    { length: height * width },
    (_, i) => data[(i % height) * width + Math.floor(i / height)] as number,
  );
  return { ...rest, shape: [width, height], data: turned } as OnnxTensor;
}

import { type DType, formatShape, isFloat, type Shape, type TensorData, tensorData } from './dtype.js';
import { GraphError } from './errors.js';
import { constantOperation, inputOperation, stateOperation } from './leaves.js';
import type { Operation, TensorType } from './operation.js';
import type { Attributes, AttributeValue, Tensor } from './tensor.js';

/**
 * Owns the nodes of one or several programs. Nodes are interned: building the same expression twice gives the same
 * object, so common subexpressions are found as they are written.
 *
 * @example
 * const graph = new Graph();
 * const x = graph.input('x', [2, 3]);
 * const y = mul(add(x, 1), x);
 */
export class Graph {
  readonly #interned = new Map<string, Tensor>();
  readonly #operationIds = new Map<Operation, number>();
  readonly #payloadIds = new WeakMap<TensorData, number>();
  readonly #decompositions = new Map<Tensor, Tensor>();
  #payloads = 0;
  #nodes = 0;
  #scope = '';

  /** Data given anew at every step. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
    return this.#leaf(inputOperation, name, shape, dtype);
  }

  /** A value that stays with the executable from step to step: a parameter, a running statistic, a momentum. */
  state(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
    return this.#leaf(stateOperation, name, shape, dtype);
  }

  /** Data known when the program is built. The array must not change afterwards. */
  constant(data: TensorData): Tensor {
    return this.node(constantOperation, [], { data });
  }

  /** A constant of shape []. */
  scalar(value: number, dtype: DType = 'float32'): Tensor {
    const stored = dtype === 'bool' ? Number(value !== 0) : isFloat(dtype) ? value : Math.trunc(value);
    return this.node(constantOperation, [], { value: stored, dtype });
  }

  /** Runs `build`; nodes made meanwhile carry `scope` as their place of origin. */
  scoped<T>(scope: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = scope;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** The scope nodes are made in at the moment. */
  get scope(): string {
    return this.#scope;
  }

  /** An operation applied to tensors of this graph. Called by operations themselves; not needed to build programs. */
  node(operation: Operation, inputs: readonly Tensor[], attributes: Attributes): Tensor {
    for (const input of inputs) {
      if (input.graph !== this) {
        throw new GraphError('GRAPH_INVALID', `'${operation.name}' mixes tensors of two graphs`, this.#scope);
      }
    }
    const key = this.#key(operation, inputs, attributes);
    const known = this.#interned.get(key);
    if (known !== undefined) return known;
    const scope = this.#scope;
    let type: TensorType;
    let decomposition: Tensor | undefined;
    if (operation.kind === 'composite') {
      decomposition = operation.decompose(inputs, attributes as never);
      type = decomposition;
    } else {
      type = operation.infer(inputs, attributes as never, scope);
    }
    const tensor: Tensor = Object.freeze({
      id: this.#nodes++,
      graph: this,
      operation,
      inputs: Object.freeze([...inputs]),
      attributes,
      shape: Object.freeze([...type.shape]),
      dtype: type.dtype,
      scope,
    });
    this.#interned.set(key, tensor);
    if (decomposition !== undefined) this.#decompositions.set(tensor, decomposition);
    return tensor;
  }

  /** What a composite node stands for. */
  decompositionOf(tensor: Tensor): Tensor {
    const decomposition = this.#decompositions.get(tensor);
    if (decomposition === undefined) {
      throw new GraphError('GRAPH_INVALID', `'${tensor.operation.name}' is not a composite`, tensor.scope);
    }
    return decomposition;
  }

  #leaf(operation: Operation, name: string, shape: Shape, dtype: DType): Tensor {
    if (name === '') throw new GraphError('GRAPH_INVALID', `an ${operation.name} needs a name`, this.#scope);
    const bad = shape.find((d) => !Number.isSafeInteger(d) || d < 1);
    if (bad !== undefined) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `${operation.name} '${name}' cannot have shape ${formatShape(shape)}`,
        this.#scope,
      );
    }
    const reserved = `${operation.name}:${name}`;
    const known = this.#interned.get(reserved);
    const tensor = this.node(operation, [], { name, shape, dtype });
    if (known !== undefined && known !== tensor) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `${operation.name} '${name}' is ${known.dtype} ${formatShape(known.shape)} already and cannot also be ${dtype} ${formatShape(shape)}`,
        this.#scope,
      );
    }
    this.#interned.set(reserved, tensor);
    return tensor;
  }

  #key(operation: Operation, inputs: readonly Tensor[], attributes: Attributes): string {
    let operationId = this.#operationIds.get(operation);
    if (operationId === undefined) {
      operationId = this.#operationIds.size;
      this.#operationIds.set(operation, operationId);
    }
    let key = `${operationId}(`;
    for (const input of inputs) key += `${input.id},`;
    for (const name of Object.keys(attributes).sort())
      key += `|${name}=${this.#attributeKey(attributes[name]!)}`;
    return key;
  }

  #attributeKey(value: AttributeValue): string {
    if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : `${typeof value}:${value}`;
    if ('data' in value) {
      let id = this.#payloadIds.get(value);
      if (id === undefined) {
        id = this.#payloads++;
        this.#payloadIds.set(value, id);
      }
      return `#${id}`;
    }
    return `[${value.join(',')}]`;
  }
}

/** The data of a constant node. */
export function constantData(tensor: Tensor): TensorData {
  const { data, value } = tensor.attributes;
  if (typeof data === 'object' && 'data' in data) return data;
  const scalar = tensorData(tensor.dtype, []);
  scalar.data[0] = value as number;
  return scalar;
}

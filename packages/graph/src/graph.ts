import { allocate, type DType, formatShape, isFloat, type Shape, sizeOf, type TensorData } from './dtype.js';
import { GraphError } from './errors.js';
import { constantOperation, inputOperation, leafName, stateOperation } from './leaves.js';
import type { Operation, TensorType } from './operation.js';
import type { Attributes, AttributeValue, Tensor } from './tensor.js';
import { capturedLeaf } from './traverse.js';

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
    if (data.data.length !== sizeOf(data.shape)) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `a constant of shape ${formatShape(data.shape)} holds ${sizeOf(data.shape)} elements, not ${data.data.length}`,
        this.#scope,
      );
    }
    return this.node(constantOperation, [], { data });
  }

  /** A constant of shape []. Integer types take only numbers they can hold: 0.5 would silently become 0. */
  scalar(value: number, dtype: DType = 'float32'): Tensor {
    const stored = dtype === 'bool' ? Number(value !== 0) : value;
    if (!isFloat(dtype) && allocate(dtype, 1).fill(stored)[0] !== stored) {
      throw new GraphError(
        'GRAPH_INVALID',
        `${value} is no ${dtype}; cast the tensor it meets first`,
        this.#scope,
      );
    }
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
    this.#check(operation, inputs, type, decomposition);
    const tensor: Tensor = Object.freeze({
      id: this.#nodes++,
      graph: this,
      operation,
      inputs: Object.freeze([...inputs]),
      attributes: frozenAttributes(attributes),
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
    if (name === '') throw new GraphError('GRAPH_INVALID', `the ${operation.name} needs a name`, this.#scope);
    if (!isLegalShape(shape)) {
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

  /** What every node must meet, whatever its own rule says. */
  #check(
    operation: Operation,
    inputs: readonly Tensor[],
    { shape }: TensorType,
    decomposition?: Tensor,
  ): void {
    if (!isLegalShape(shape)) {
      const given = inputs.map((input) => formatShape(input.shape)).join(', ');
      throw new GraphError(
        'GRAPH_SHAPE',
        `${operation.name} of ${given} would have shape ${formatShape(shape)}`,
        this.#scope,
      );
    }
    const captured = decomposition && capturedLeaf(decomposition, inputs);
    if (captured !== undefined) {
      throw new GraphError(
        'GRAPH_INVALID',
        `composite '${operation.name}' reads ${captured.operation.name} '${leafName(captured)}', which is not among its inputs`,
        this.#scope,
      );
    }
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
    if (typeof value === 'string') return JSON.stringify(value);
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

const isLegalShape = (shape: Shape): boolean => shape.every((n) => Number.isSafeInteger(n) && n >= 1);

/** A copy nobody can change: attributes are part of a node's identity. The data of constants is shared, not copied. */
function frozenAttributes(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).map(([name, value]) => [
    name,
    Array.isArray(value) ? Object.freeze([...value]) : value,
  ]);
  return Object.freeze(Object.fromEntries(entries));
}

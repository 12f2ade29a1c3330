import type { DType, Shape } from './dtype.js';
import { GraphError } from './errors.js';
import type { Sample } from './samples.js';
import type { Attributes, Operand, Tensor } from './tensor.js';

/** Shape and element type of a result. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value of the reference interpreter: numbers in float64 whatever the element type; `bool` is 0 or 1. */
export interface ReferenceValue extends TensorType {
  readonly data: Float64Array;
}

/** One gradient an input, in order; null where none flows. */
export type Gradients = readonly (Tensor | null)[];

/** Builds the gradients of a node. They may still have the broadcast shape: the driver sums it back. */
export type GradientRule<A> = (dy: Tensor, inputs: readonly Tensor[], y: Tensor, attributes: A) => Gradients;

interface Declared {
  readonly name: string;
  readonly infer: (inputs: readonly TensorType[], attributes: never, scope: string) => TensorType;
  readonly grad?: GradientRule<never>;
}

/** Stands for data that enters a program: an input, a state slot or a constant. */
export interface LeafOperation extends Declared {
  readonly kind: 'leaf';
}

/** An operation every backend implements. */
export interface PrimitiveOperation extends Declared {
  readonly kind: 'primitive';
  readonly reference: (
    inputs: readonly ReferenceValue[],
    attributes: never,
    result: TensorType,
  ) => Float64Array;
  readonly samples: readonly Sample[];
}

/** A named subgraph: a backend runs it its own way when it claims the name, and otherwise runs the decomposition. */
export interface CompositeOperation extends Declared {
  readonly kind: 'composite';
  readonly decompose: (inputs: readonly Tensor[], attributes: never) => Tensor;
  readonly samples: readonly Sample[];
}

/** What a node of a graph computes: a leaf, a primitive or a composite. */
export type Operation = LeafOperation | PrimitiveOperation | CompositeOperation;

/** How an operation is called: its inputs, then its attributes where it has any. */
type Call<Inputs extends readonly Operand[], A> = keyof A extends never
  ? (...inputs: Inputs) => Tensor
  : (...args: [...Inputs, A]) => Tensor;

/** What declares a primitive operation: shape rule, gradient, reference implementation and samples. */
export interface PrimitiveDeclaration<A> {
  /** Shape and element type of the result; throws a `GraphError` naming both shapes when inputs do not fit. */
  readonly infer: (inputs: readonly TensorType[], attributes: A, scope: string) => TensorType;
  /** Left out where no gradient flows (comparisons, integer results). */
  readonly grad?: GradientRule<A>;
  /** What the operation means, written for clarity, in float64. */
  readonly reference: (inputs: readonly ReferenceValue[], attributes: A, result: TensorType) => Float64Array;
  /** Inputs the generic tests try: shape rule, gradient check, every backend. */
  readonly samples: readonly Sample<A>[];
}

/** Builds a node of a primitive operation from its inputs. */
export type Primitive<
  Name extends string,
  Inputs extends readonly Operand[],
  A extends Attributes,
> = PrimitiveOperation & { readonly name: Name } & Call<Inputs, A>;

/**
 * Declares a primitive: shape rule, gradient, meaning and samples in one place. Everything else about it is generated.
 *
 * @example
 * export const exp = primitive<'exp', [x: Tensor]>('exp', {
 *   infer: ([x]) => x!,
 *   grad: (dy, _, y) => [mul(dy, y)],
 *   reference: elementwise(Math.exp),
 *   samples: unarySamples({ from: -3, to: 3 }),
 * });
 */
export function primitive<
  Name extends string,
  Inputs extends readonly Operand[],
  A extends Attributes = Record<never, never>,
>(name: Name, declaration: PrimitiveDeclaration<A>): Primitive<Name, Inputs, A> {
  const operation = callable({ ...declaration, kind: 'primitive', name } as unknown as PrimitiveOperation);
  return operation as Primitive<Name, Inputs, A>;
}

/** What declares a composite operation: its decomposition, and a gradient of its own if it has one. */
export interface CompositeDeclaration<A> {
  /** Replaces differentiation of the decomposition; worth it where the result is much cheaper. */
  readonly grad?: GradientRule<A>;
  readonly samples?: readonly Sample<A>[];
}

/** Builds a node of a composite operation from its inputs. */
export type Composite<
  Name extends string,
  Inputs extends readonly Operand[],
  A extends Attributes,
> = CompositeOperation & { readonly name: Name } & Call<Inputs, A>;

/**
 * Declares a composite: a named function of tensors. A backend may claim the name and run it its own way.
 *
 * @example
 * export const logSoftmax = composite('logSoftmax', (x: Tensor) => sub(x, logSumExp(x, { axis: -1, keepDims: true })));
 */
export function composite<
  Name extends string,
  Inputs extends readonly Operand[],
  A extends Attributes = Record<never, never>,
>(
  name: Name,
  decomposition: (...args: keyof A extends never ? Inputs : [...Inputs, A]) => Tensor,
  declaration: CompositeDeclaration<A> = {},
): Composite<Name, Inputs, A> {
  const decompose = (inputs: readonly Tensor[], attributes: A) =>
    (decomposition as (...args: unknown[]) => Tensor)(...inputs, attributes);
  const infer = () => {
    throw new GraphError('GRAPH_INVALID', `the type of composite '${name}' comes from its decomposition`);
  };
  const spec = { samples: [], ...declaration, kind: 'composite', name, decompose, infer };
  return callable(spec as unknown as CompositeOperation) as Composite<Name, Inputs, A>;
}

/** The operation itself, callable: operands, then attributes. Numbers take the element type of the first tensor. */
function callable<O extends PrimitiveOperation | CompositeOperation>(operation: O): O {
  const call = (...args: (Operand | Attributes)[]): Tensor => {
    const last = args[args.length - 1];
    const hasAttributes = typeof last === 'object' && !isTensor(last);
    const operands = (hasAttributes ? args.slice(0, -1) : args) as Operand[];
    const first = operands.find((operand) => typeof operand === 'object');
    if (first === undefined)
      throw new GraphError('GRAPH_INVALID', `'${operation.name}' needs at least one tensor`);
    const inputs = operands.map((o) => (typeof o === 'number' ? first.graph.scalar(o, first.dtype) : o));
    return first.graph.node(call as unknown as O, inputs, hasAttributes ? (last as Attributes) : {});
  };
  const properties = Object.fromEntries(
    Object.entries(operation).map(([key, value]) => [key, { value, enumerable: true, configurable: true }]),
  );
  return Object.defineProperties(call, properties) as unknown as O;
}

function isTensor(value: Operand | Attributes | undefined): value is Tensor {
  return typeof value === 'object' && 'operation' in value;
}

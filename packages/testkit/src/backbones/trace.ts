import type { Backbone } from '@limbeck/core';
import { completeOptions } from '@limbeck/core/host';
import { Graph, type Shape, sizeOf, type Tensor } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';

/** How a backbone is traced. */
export interface BackboneTraceOptions<Options> {
  /** Shape of the batch [N, C, H, W]. */
  readonly image: Shape;
  readonly classes: number;
  /** Default `eval`. */
  readonly mode?: Mode;
  /** The backbone's own, complete; default what its schema makes of none. */
  readonly options?: Options | undefined;
}

/** One pass of a backbone over a batch called `image`, its variables without a prefix. */
export interface BackboneTrace {
  readonly trace: Trace;
  readonly embedding: Tensor;
  readonly logits: Tensor;
  /** Declared taps in order of declaration, `embedding` and `logits` among them. */
  readonly taps: ReadonlyMap<string, Tensor>;
}

/** Traces encoder and classifier in a graph of their own. */
export function traceBackbone<Options = unknown>(
  backbone: Backbone<Options>,
  { image, classes, mode = 'eval', options = completeOptions(backbone) }: BackboneTraceOptions<Options>,
): BackboneTrace {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: '', mode });
  const root = new Scope(trace);
  const embedding = root.tap('embedding', backbone.encode(root, graph.input('image', image), options));
  const logits = root.tap('logits', backbone.classify(root, embedding, classes, options));
  return { trace, embedding, logits, taps: trace.taps };
}

/** Shapes of declared taps without the batch axis, by name. */
export const tapShapes = ({ taps }: BackboneTrace): Record<string, Shape> =>
  Object.fromEntries([...taps].map(([name, { shape }]) => [name, shape.slice(1)]));

/** Elements of all trained parameters: what the literature calls a model's parameters. */
export function parameterCount({ trace }: BackboneTrace): number {
  const parameters = [...trace.variables.values()].filter(({ kind }) => kind === 'parameter');
  return parameters.reduce((n, { tensor }) => n + sizeOf(tensor.shape), 0);
}

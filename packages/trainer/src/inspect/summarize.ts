import type { ImageShape } from '@limbeck/core';
import { Graph, program, type Shape, sizeOf } from '@limbeck/graph';
import { type TracedModel, traceModel } from '../programs/traced-model.js';
import type { ModelChoice } from '../run/choices.js';
import { countedNodes } from './macs.js';

/** One layer of a model, for one image. */
export interface LayerSummary {
  /** State-dict path: `layer1.0.conv1`. */
  readonly path: string;
  /** Of its result, batch of 1 included. */
  readonly shape: Shape;
  readonly parameters: number;
  /** Multiply-accumulates. */
  readonly macs: number;
}

/** What a model is made of. */
export interface ModelSummary {
  /** Of the backbone. */
  readonly id: string;
  /** The backbone's own, complete; empty where it takes none. */
  readonly options: Readonly<Record<string, unknown>>;
  /** [C, H, W]. */
  readonly image: Shape;
  readonly classes: number;
  /** Trained values. */
  readonly parameters: number;
  /** Values that are kept but not trained, such as running means. */
  readonly buffers: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Layers that hold parameters or compute products, in order. */
  readonly layers: readonly LayerSummary[];
  /** Declared taps with their shapes, batch of 1 included. Paths of layers and blocks are taps too. */
  readonly taps: readonly { readonly name: string; readonly shape: Shape }[];
}

/**
 * Describes a backbone as it is in evaluation, for images of one shape.
 *
 * @throws LimbeckError where the backbone does not take such images
 */
export function summarize(
  choice: ModelChoice,
  { image, classes }: { image: ImageShape; classes: number },
): ModelSummary {
  const graph = new Graph();
  const input = graph.input('image', [1, ...image]);
  const model = traceModel(graph, choice, { prefix: '', mode: 'eval', image: input, classes });
  const variables = [...model.trace.variables.values()];
  const size = (kind: string) =>
    variables.reduce((sum, one) => sum + (one.kind === kind ? sizeOf(one.tensor.shape) : 0), 0);
  const layers = layersOf(model);
  return {
    id: choice.backbone.id,
    options: (choice.options ?? {}) as Readonly<Record<string, unknown>>,
    image,
    classes,
    parameters: size('parameter'),
    buffers: size('buffer'),
    macs: layers.reduce((sum, { macs }) => sum + macs, 0),
    layers,
    taps: [...model.trace.taps].map(([name, { shape }]) => ({ name, shape })),
  };
}

function layersOf({ trace, logits }: TracedModel): LayerSummary[] {
  const layers = new Map<string, { order: number; shape: Shape; parameters: number; macs: number }>();
  const at = (path: string, order: number, shape: Shape) => {
    const known = layers.get(path);
    if (known !== undefined) return known;
    const result = trace.layers.get(path);
    const layer = { order: result?.id ?? order, shape: result?.shape ?? shape, parameters: 0, macs: 0 };
    layers.set(path, layer);
    return layer;
  };
  for (const { name, tensor, kind } of trace.variables.values()) {
    const path = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    if (kind === 'parameter') at(path, tensor.id, tensor.shape).parameters += sizeOf(tensor.shape);
  }
  for (const { node, macs } of countedNodes(program({ name: 'model', outputs: { logits } }))) {
    at(node.scope, node.id, node.shape).macs += macs;
  }
  return [...layers]
    .sort(([, a], [, b]) => a.order - b.order)
    .map(([path, { shape, parameters, macs }]) => ({ path, shape, parameters, macs }));
}

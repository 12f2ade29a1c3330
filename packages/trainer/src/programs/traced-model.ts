import { didYouMean, LimbeckError } from '@limbeck/core';
import { formatShape, type Graph, type Tensor } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';
import type { ModelChoice } from '../run/choices.js';

/** One pass of a backbone over a batch of images. */
export interface TracedModel {
  readonly choice: ModelChoice;
  readonly trace: Trace;
  readonly embedding: Tensor;
  readonly logits: Tensor;
  /** State-dict names of what the classifier is made of. */
  readonly head: ReadonlySet<string>;
  /** Names of declared taps, then layer paths. */
  readonly taps: readonly string[];
  /** State-dict names of variables that the classifier alone has. */
  readonly classifier: ReadonlySet<string>;
  /** @throws LimbeckError UNKNOWN_TAP with suggestions */
  tap(path: string): Tensor;
}

/** Traces encoder and classifier; variables get the prefix in front of their state-dict names. */
export function traceModel(
  graph: Graph,
  choice: ModelChoice,
  {
    image,
    classes,
    ...pass
  }: {
    prefix: string;
    mode: Mode;
    after?: Trace;
    frozen?: (stateName: string) => boolean;
    image: Tensor;
    classes: number;
  },
): TracedModel {
  const { backbone, options } = choice;
  const trace = new Trace(graph, pass);
  const root = new Scope(trace);
  const embedding = root.scoped(() => backbone.encode(root, image, options));
  if (embedding.shape.length !== 2 || embedding.shape[0] !== image.shape[0]) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `backbone '${backbone.id}' must turn images ${formatShape(image.shape)} into embeddings [${image.shape[0]}, D], not ${formatShape(embedding.shape)}`,
      { hint: 'pool the last map, for instance with globalAveragePool' },
    );
  }
  root.tap('embedding', embedding);
  const encoder = new Set(trace.variables.keys());
  const logits = root.scoped(() => backbone.classify(root, embedding, classes, options));
  const head = [...trace.variables].flatMap(([key, { name }]) => (encoder.has(key) ? [] : [name]));
  if (logits.shape.length !== 2 || logits.shape[0] !== image.shape[0] || logits.shape[1] !== classes) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `backbone '${backbone.id}' must give logits [${image.shape[0]}, ${classes}], not ${formatShape(logits.shape)}`,
    );
  }
  root.tap('logits', logits);
  const taps = [...new Set([...trace.taps.keys(), ...trace.layers.keys()])];
  return {
    choice,
    trace,
    embedding,
    logits,
    head: new Set(head),
    taps,
    classifier: new Set([...trace.variables.keys()].filter((name) => !encoder.has(name))),
    tap(path) {
      const tensor = trace.find(path);
      if (tensor !== undefined) return tensor;
      throw new LimbeckError(
        'UNKNOWN_TAP',
        `${pass.prefix || 'model'} '${backbone.id}' has no tap '${path}'`,
        {
          hint: didYouMean(path, taps) ?? `there are: ${taps.join(', ')}`,
          details: { model: backbone.id, tap: path, taps },
        },
      );
    },
  };
}

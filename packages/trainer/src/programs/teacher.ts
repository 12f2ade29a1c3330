import { LimbeckError, type ModelView } from '@limbeck/core';
import { formatShape, Graph, type Program, program, type Tensor } from '@limbeck/graph';
import { Scope, Trace, type Variable } from '@limbeck/nn';
import { type ModelChoice, type TracedModel, traceModel } from './traced-model.js';

/** Prefix of the teacher's names in programs and states. */
export const teacherPrefix = 'teacher';

/** Input of the student's program that brings a feature of the teacher. */
export const teacherInput = (path: string): string => `${teacherPrefix}.${path}`;

/**
 * The frozen teacher: traced once, in evaluation mode, in a graph of its own. What distillers ask of it becomes outputs
 * of its program and inputs of the student's.
 */
export class Teacher {
  readonly model: TracedModel;
  readonly #asked = new Map<string, Tensor>();

  constructor(choice: ModelChoice, { image, classes }: { image: readonly number[]; classes: number }) {
    const graph = new Graph();
    this.model = traceModel(graph, choice, {
      prefix: teacherPrefix,
      mode: 'eval',
      image: graph.input('image', image),
      classes,
    });
  }

  /** Parameters and buffers, for loading weights. */
  get variables(): ReadonlyMap<string, Variable> {
    return this.model.trace.variables;
  }

  /** Paths of the features distillers asked for so far, in order. */
  get asked(): readonly string[] {
    return [...this.#asked.keys()];
  }

  /** image [N, C, H, W] -> the given features, each under its path. */
  program(paths: readonly string[] = this.asked): Program {
    return program({ name: 'teacher', outputs: new Map(paths.map((path) => [path, this.model.tap(path)])) });
  }

  /** image [N, C, H, W] -> logits. */
  classifierProgram(): Program {
    return program({ name: 'teacher', outputs: { logits: this.model.logits } });
  }

  /** The teacher as distillers of a student's graph see it. */
  view(graph: Graph, classes: number): { view: ModelView; frozen: Trace } {
    const { model } = this;
    const { backbone, options } = model.choice;
    const frozen = new Trace(graph, { prefix: teacherPrefix, mode: 'eval' });
    const tap = (path: string): Tensor => {
      const feature = model.tap(path);
      this.#asked.set(path, feature);
      return graph.input(teacherInput(path), feature.shape, feature.dtype);
    };
    const view: ModelView = {
      id: backbone.id,
      role: 'teacher',
      taps: model.taps,
      tap,
      get logits() {
        return tap('logits');
      },
      get embedding() {
        return tap('embedding');
      },
      classify(embedding) {
        const width = model.embedding.shape[1]!;
        if (embedding.shape.length !== 2 || embedding.shape[1] !== width) {
          throw new LimbeckError(
            'SHAPE_MISMATCH',
            `the classifier of teacher '${backbone.id}' reads embeddings [N, ${width}], not ${formatShape(embedding.shape)}`,
            { hint: 'give it what stands for the map its own embedding is pooled from' },
          );
        }
        const root = new Scope(frozen);
        return root.scoped(() => backbone.classify(root, embedding, classes, options));
      },
    };
    return { view, frozen };
  }
}

import { Graph, type Program, program, type Tensor } from '@limbeck/graph';
import { Scope, type Trace, type Variable } from '@limbeck/nn';
import type { ModelChoice } from '../run/choices.js';
import { checkEmbedding, type FeatureShape, type TeacherModel } from './teacher-model.js';
import { type TracedModel, traceModel } from './traced-model.js';

/** A backbone as teacher: traced once, in evaluation mode, in a graph of its own. */
export class TracedTeacher implements TeacherModel {
  readonly #model: TracedModel;
  readonly #prefix: string;
  readonly #classes: number;

  /** @param prefix of its names in states; the name of its programs */
  constructor(
    choice: ModelChoice,
    { prefix, image, classes }: { prefix: string; image: readonly number[]; classes: number },
  ) {
    const graph = new Graph();
    this.#prefix = prefix;
    this.#classes = classes;
    this.#model = traceModel(graph, choice, {
      prefix,
      mode: 'eval',
      image: graph.input('image', image),
      classes,
    });
  }

  get id(): string {
    return this.#model.choice.backbone.id;
  }

  get taps(): readonly string[] {
    return this.#model.taps;
  }

  get variables(): ReadonlyMap<string, Variable> {
    return this.#model.trace.variables;
  }

  feature(path: string): FeatureShape {
    return this.#model.tap(path);
  }

  program(paths: readonly string[]): Program {
    const outputs = new Map(paths.map((path) => [path, this.#model.tap(path)]));
    return program({ name: this.#prefix, outputs });
  }

  classify(frozen: Trace, embedding: Tensor): Tensor {
    const { backbone, options } = this.#model.choice;
    checkEmbedding(this.id, embedding, this.#model.embedding.shape[1]!);
    const root = new Scope(frozen);
    return root.scoped(() => backbone.classify(root, embedding, this.#classes, options));
  }
}

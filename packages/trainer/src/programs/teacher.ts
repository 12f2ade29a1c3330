import type { ModelView } from '@limbeck/core';
import type { Graph, Tensor } from '@limbeck/graph';
import { Trace } from '@limbeck/nn';
import type { TeacherModel } from './teacher-model.js';
import { viewInput } from './views.js';

/** Prefix of a sole teacher's names in programs and states, whatever it is called; several have their own names there. */
export const teacherPrefix = 'teacher';

/** A feature that the student's step takes from a teacher. */
export interface TeacherFeature {
  /** Tap name or layer path of the teacher. */
  readonly path: string;
  /** Which images it is computed of: an input of the student's program, `image`. */
  readonly image: string;
  /** The input of the student's program that it becomes: `teacher.embedding`. */
  readonly input: string;
}

/** A frozen teacher in the planning of a step: what distillers ask of it becomes inputs of the student's program. */
export class Teacher {
  readonly name: string;
  /** In front of its names in programs and states. */
  readonly prefix: string;
  readonly model: TeacherModel;
  /** Its own parts that the student's graph uses, such as its classifier. */
  readonly frozen: Trace;
  readonly #graph: Graph;
  readonly #asked = new Map<string, TeacherFeature>();

  /** @param graph the student's */
  constructor(graph: Graph, { name, prefix, model }: { name: string; prefix: string; model: TeacherModel }) {
    this.name = name;
    this.prefix = prefix;
    this.model = model;
    this.frozen = new Trace(graph, { prefix, mode: 'eval' });
    this.#graph = graph;
  }

  /** The features distillers asked for so far, in order. */
  get asked(): readonly TeacherFeature[] {
    return [...this.#asked.values()];
  }

  /**
   * The teacher as distillers see it.
   *
   * @param view of the batch that it looks at; default the batch itself
   */
  view(view?: string): ModelView {
    const tap = (path: string): Tensor => this.#ask(path, view);
    return {
      id: this.model.id,
      role: 'teacher',
      taps: this.model.taps,
      tap,
      get logits() {
        return tap('logits');
      },
      get embedding() {
        return tap('embedding');
      },
      classify: (embedding) => this.model.classify(this.frozen, embedding),
    };
  }

  #ask(path: string, view: string | undefined): Tensor {
    const { shape, dtype } = this.model.feature(path);
    const name = `${this.prefix}.${path}`;
    const [image, input] =
      view === undefined ? ['image', name] : [viewInput(view, 'image'), viewInput(view, name)];
    this.#asked.set(input, { path, image, input });
    return this.#graph.input(input, shape, dtype);
  }
}

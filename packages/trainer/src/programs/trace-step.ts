import { type ModelView, SampleInputs } from '@limbeck/core';
import type { Graph, Tensor } from '@limbeck/graph';
import { type Mode, Scope } from '@limbeck/nn';
import { buildDistillers, type CombinedDistillation } from './distillation.js';
import { planTeachers, viewOf } from './plan-teachers.js';
import type { StudentSpec } from './student.js';
import type { Teacher } from './teacher.js';
import { type TracedModel, traceModel } from './traced-model.js';
import { Views, viewInput } from './views.js';

/** Prefix of the student's names in programs and states. */
export const studentPrefix = 'student';

/** Everything of one step but its gradients: models, distillers, terms. */
export interface TracedStep {
  readonly model: TracedModel;
  readonly labels: Tensor;
  readonly combined: CombinedDistillation;
  readonly teachers: readonly Teacher[];
  readonly views: Views;
  readonly samples: SampleInputs;
}

/** Traces the student and builds the distillers on it, for batches of one size. */
export function traceStep(graph: Graph, spec: StudentSpec, mode: Mode, batch: number): TracedStep {
  const { classes, parts } = spec;
  const [, ...imageShape] = spec.image;
  const image = graph.input('image', [batch, ...imageShape]);
  const labels = graph.input('labels', [batch], 'int32');
  const student = { prefix: studentPrefix, mode, classes };
  const model = traceModel(graph, spec.student, { ...student, image });
  const views = new Views(parts, model.trace, (view, after) => {
    const drawn = graph.input(viewInput(view, 'image'), image.shape);
    return traceModel(graph, spec.student, { ...student, image: drawn, after });
  });
  const samples = new SampleInputs(graph, { batch, total: spec.samples ?? batch, classes });
  const teachers = planTeachers(graph, spec.teachers, { image: image.shape, classes });
  const combined = buildDistillers(graph, spec.distillers, {
    mode,
    student: studentView(model, classes),
    teacherOf: (distiller, wanted, view) => viewOf(teachers, distiller, wanted, view),
    studentOn: (place, view, options) => studentView(views.student(place, view, options), classes),
    labels,
    classes,
    parts,
    samples,
  });
  return { model, labels, combined, teachers, views, samples };
}

function studentView(model: TracedModel, classes: number): ModelView {
  const { backbone, options } = model.choice;
  return {
    id: backbone.id,
    role: 'student',
    logits: model.logits,
    embedding: model.embedding,
    taps: model.taps,
    tap: model.tap,
    classify(embedding) {
      const root = new Scope(model.trace);
      return root.scoped(() => backbone.classify(root, embedding, classes, options));
    },
  };
}

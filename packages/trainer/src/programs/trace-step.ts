import type { BatchTargets, ModelView } from '@limbeck/core';
import { batchTargets, SampleInputs } from '@limbeck/core/host';
import type { Graph, Shape, Tensor } from '@limbeck/graph';
import { type Mode, Scope } from '@limbeck/nn';
import type { ModelsSpec } from '../run/run-spec.js';
import { buildDistillers, type CombinedDistillation } from './distillation.js';
import { planTeachers, viewOf } from './plan-teachers.js';
import type { Teacher } from './teacher.js';
import { type TracedModel, traceModel } from './traced-model.js';
import { Views, viewInput } from './views.js';

/** Prefix of the student's names in programs and states. */
export const studentPrefix = 'student';

/** Everything of one step but its gradients: models, distillers, terms. */
export interface TracedStep {
  readonly model: TracedModel;
  readonly targets: BatchTargets;
  /** What messages call the samples. */
  readonly source: string;
  readonly combined: CombinedDistillation;
  readonly teachers: readonly Teacher[];
  readonly views: Views;
  readonly samples: SampleInputs;
  /** Features of the student that distillers asked for, by path. */
  readonly taps: ReadonlyMap<string, Shape>;
}

/**
 * Traces the student and builds the distillers on it, for batches of one size.
 *
 * @param frozen which values training leaves as they are, by state name
 */
export function traceStep(
  graph: Graph,
  spec: ModelsSpec,
  mode: Mode,
  batch: number,
  frozen?: (stateName: string) => boolean,
): TracedStep {
  const { parts } = spec;
  const { classes, imageShape, train } = spec.data.dataset;
  const image = graph.input('image', [batch, ...imageShape]);
  const { targets: kind = 'index', mixedBy } = spec.data;
  const source = mixedBy ?? 'the training split';
  const targets = batchTargets(graph, kind, batch, classes);
  const student = { prefix: studentPrefix, mode, frozen, classes };
  const model = traceModel(graph, spec.student, { ...student, image });
  const views = new Views(parts, model.trace, (view, after) => {
    const drawn = graph.input(viewInput(view, 'image'), image.shape);
    return traceModel(graph, spec.student, { ...student, image: drawn, after });
  });
  const samples = new SampleInputs(graph, {
    ...{ batch, total: train?.length ?? batch, classes },
    ...{ targets: kind, mixedBy },
  });
  const taps = new Map<string, Shape>();
  const viewed = (traced: TracedModel) => studentView(traced, classes, taps);
  const teachers = planTeachers(graph, spec.teachers, { image: image.shape, classes });
  const combined = buildDistillers(graph, spec.distillers, {
    mode,
    frozen,
    student: viewed(model),
    teacherOf: (distiller, wanted, view) => viewOf(teachers, distiller, wanted, view),
    studentOn: (place, view, options) => viewed(views.student(place, view, options)),
    targets,
    source,
    classes,
    parts,
    samples,
  });
  return { model, targets, source, combined, teachers, views, samples, taps };
}

/** The student as distillers see it; what they ask for is noted in `taps`. */
function studentView(model: TracedModel, classes: number, taps: Map<string, Shape>): ModelView {
  const { backbone, options } = model.choice;
  const tap = (path: string): Tensor => {
    const feature = model.tap(path);
    taps.set(path, feature.shape);
    return feature;
  };
  return {
    id: backbone.id,
    role: 'student',
    get logits() {
      return tap('logits');
    },
    get embedding() {
      return tap('embedding');
    },
    taps: model.taps,
    tap,
    classify(embedding) {
      const root = new Scope(model.trace);
      return root.scoped(() => backbone.classify(root, embedding, classes, options));
    },
  };
}

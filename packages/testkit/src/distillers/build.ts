import type { BuildProjector, Distillation, Preparation, TargetKind, Use, ViewOptions } from '@limbeck/core';
import { batchTargets, type Host, readTargets, SampleInputs } from '@limbeck/core/host';
import { Graph, type Shape } from '@limbeck/graph';
import { type Mode, Scope, Trace, zeros } from '@limbeck/nn';
import { StandIn } from './stand-in.js';

/** A distiller built over models that are only taps. */
export interface BuiltDistiller extends Distillation {
  readonly graph: Graph;
  readonly student: StandIn;
  readonly teacher: StandIn;
  /** The distiller's own variables, their names below its id. */
  readonly trace: Trace;
  /** What it asked for of the batch's samples, as inputs. */
  readonly samples: SampleInputs;
  /** Views it asked for, by name, with the models that stand in for them. */
  readonly views: ReadonlyMap<string, BuiltView>;
  /** What it asked to have computed before training, by name; the tensors are zeros in `trace`. */
  readonly preparations: ReadonlyMap<string, Preparation>;
}

/** A view that a distiller asked for. */
export interface BuiltView extends ViewOptions {
  readonly student: StandIn;
  readonly teacher: StandIn;
}

/** Student, teacher and options that a distiller is built with. */
export interface BuildOptions {
  /** Default `train`. */
  readonly mode?: Mode;
  /** Samples of the training split. Default 32. */
  readonly samples?: number;
  /** Default `index`. */
  readonly targets?: TargetKind;
  /** Id of the student's backbone. Default `student`. */
  readonly studentId?: string;
}

/**
 * Builds a distiller by its id or configuration, its options checked, over {@link StandIn} models. Targets are the
 * input `labels` or `targets`, samples the inputs `samples.*`; views have models of the same shapes.
 *
 * @param shapes of both models' taps, batch included; `logits` must be there
 */
export function buildDistiller(
  host: Pick<Host, 'use'>,
  use: Use,
  shapes: { student: Readonly<Record<string, Shape>>; teacher: Readonly<Record<string, Shape>> },
  { mode = 'train', samples: total = 32, targets: kind = 'index', studentId: id }: BuildOptions = {},
): BuiltDistiller {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'distiller', mode });
  const student = new StandIn(graph, 'student', shapes.student, { id });
  const teacher = new StandIn(graph, 'teacher', shapes.teacher);
  const [batch, classes] = shapes.student.logits as [number, number];
  const project: BuildProjector = (wanted, m, x, target) => {
    const { contribution, options } = host.use('projectors', wanted);
    return contribution.project(m, x, target, options, project);
  };
  const given = batchTargets(graph, kind, batch, classes);
  const samples = new SampleInputs(graph, { batch, total, classes, targets: kind });
  const views = new Map<string, BuiltView>();
  const preparations = new Map<string, Preparation>();
  const { contribution, options } = host.use('distillers', use);
  const m = new Scope(trace).in(contribution.id);
  const reader = readTargets(contribution, given, 'the test');
  const distillation = contribution.build({
    student,
    teacher,
    get targets() {
      return reader.targets();
    },
    get labels() {
      return reader.labels();
    },
    classes,
    options,
    m,
    project,
    loss(wanted, ours, theirs) {
      const loss = host.use('losses', wanted);
      return loss.contribution.value(ours, theirs, loss.options);
    },
    samples,
    prepare(preparation) {
      preparations.set(preparation.name, preparation);
      const at = m.in('prepared').in(preparation.name);
      const tensors = Object.entries<Shape>(preparation.tensors);
      return Object.fromEntries(tensors.map(([key, shape]) => [key, at.buffer(key, shape, zeros)])) as never;
    },
    view(name, { augment }) {
      const known = views.get(name);
      if (known !== undefined) return known;
      const built = {
        augment,
        student: new StandIn(graph, 'student', shapes.student, { view: name, id }),
        teacher: new StandIn(graph, 'teacher', shapes.teacher, { view: name }),
      };
      views.set(name, built);
      return built;
    },
  });
  return { ...distillation, graph, student, teacher, trace, samples, views, preparations };
}

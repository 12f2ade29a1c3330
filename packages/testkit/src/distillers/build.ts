import type { BuildProjector, Distillation, Host, Use } from '@limbeck/core';
import { Graph, type Shape } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';
import { StandIn } from './stand-in.js';

/** A distiller built over models that are only taps. */
export interface BuiltDistiller extends Distillation {
  readonly graph: Graph;
  readonly student: StandIn;
  readonly teacher: StandIn;
  /** The distiller's own variables, their names below its id. */
  readonly trace: Trace;
}

/**
 * Builds a distiller by its id or configuration, its options checked, over {@link StandIn} models. Labels [N] are the
 * input `labels`.
 *
 * @param shapes of both models' taps, batch included; `logits` must be there
 */
export function buildDistiller(
  host: Pick<Host, 'use'>,
  use: Use,
  shapes: { student: Readonly<Record<string, Shape>>; teacher: Readonly<Record<string, Shape>> },
  { mode = 'train' }: { mode?: Mode } = {},
): BuiltDistiller {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'distiller', mode });
  const student = new StandIn(graph, 'student', shapes.student);
  const teacher = new StandIn(graph, 'teacher', shapes.teacher);
  const [batch, classes] = shapes.student.logits as [number, number];
  const project: BuildProjector = (wanted, m, x, target) => {
    const { contribution, options } = host.use('projectors', wanted);
    return contribution.project(m, x, target, options, project);
  };
  const { contribution, options } = host.use('distillers', use);
  const distillation = contribution.build({
    student,
    teacher,
    labels: graph.input('labels', [batch], 'int32'),
    classes,
    options,
    m: new Scope(trace).in(contribution.id),
    project,
    loss(wanted, ours, theirs) {
      const loss = host.use('losses', wanted);
      return loss.contribution.value(ours, theirs, loss.options);
    },
  });
  return { ...distillation, graph, student, teacher, trace };
}

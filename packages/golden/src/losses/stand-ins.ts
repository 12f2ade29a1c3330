import type { Graph, Shape, TensorData } from '@limbeck/graph';
import { tensorData } from '@limbeck/graph';
import { lossInputRule, parameterRule, patternFill, StandIn } from '@limbeck/testkit';
import type { LossesFile } from './file.js';

/** Student and teacher of a file of losses; a tap that ends in `.same` has the teacher's shape on both sides. */
export function standInsOf(graph: Graph, file: LossesFile): { student: StandIn; teacher: StandIn } {
  const shapes = (width: number, map: Shape) => ({
    embedding: [file.batch, width],
    'embedding.same': [file.batch, file.teacherWidth],
    map: [file.batch, ...map],
    'map.same': [file.batch, ...file.teacherMap],
    logits: [file.batch, file.classes],
  });
  return {
    student: new StandIn(graph, 'student', shapes(file.studentWidth, file.studentMap)),
    teacher: new StandIn(graph, 'teacher', shapes(file.teacherWidth, file.teacherMap)),
  };
}

/** Values of every feature that was asked for, and labels. */
export function feedsOf(file: LossesFile, standIns: readonly StandIn[]): Map<string, TensorData> {
  const feeds = new Map<string, TensorData>([
    ['labels', tensorData('int32', [file.batch], Int32Array.from(file.labels))],
  ]);
  for (const [name, { shape }] of standIns.flatMap(({ inputs }) => [...inputs])) {
    feeds.set(name, patternFill(String(file.seed), name, shape, lossInputRule(name)));
  }
  return feeds;
}

/** Values of a classifier that was asked, filled with seed `<seed>.classifier` and names `weight` and `bias`. */
export function classifierOf(file: LossesFile, { role, classified }: StandIn): Map<string, TensorData> {
  if (classified === undefined) return new Map();
  const shapes = { weight: [file.classes, classified.shape[1]!], bias: [file.classes] };
  return new Map(
    Object.entries(shapes).map(([name, shape]) => [
      `${role}.classifier.${name}`,
      patternFill(`${file.seed}.classifier`, name, shape, parameterRule(name, shape)),
    ]),
  );
}

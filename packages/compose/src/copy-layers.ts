import { LimbeckError } from '@limbeck/core';
import { type ResolvedConfig, teacherTitle } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import { type StateDict, sameShape } from '@limbeck/graph';
import {
  loadWeights,
  type ModelChoice,
  renameAll,
  sourceOf,
  type TeacherSpec,
  TracedTeacher,
  teacherPrefix,
  type Weights,
} from '@limbeck/trainer';

/** What `student.init` says. */
type Init = NonNullable<ResolvedConfig['student']['init']>;

/**
 * The layers of a teacher that a student begins with: those that have a place in it, in the same shape.
 *
 * @returns weights of which the rest is drawn
 * @throws LimbeckError PRECONDITION where the teacher is a model from a file; WEIGHTS_MISMATCH where nothing fits
 */
export function copyLayers(
  student: ModelChoice,
  teachers: readonly TeacherSpec[],
  { from, layers, dataset }: Init & { readonly dataset: Pick<RunDataset, 'imageShape' | 'classes'> },
): Weights {
  const teacher = teachers.find(({ name }) => name === from)!;
  const title = `${teacherTitle(from)} ${sourceName(teacher)}`;
  if ('foreign' in teacher) {
    throw new LimbeckError(
      'PRECONDITION',
      `student.init: ${title} is a model from a file, whose layers have no names to go by`,
      {
        hint: 'take a teacher that is a backbone with weights',
      },
    );
  }
  const shape = { prefix: teacherPrefix, image: [1, ...dataset.imageShape], classes: dataset.classes };
  const traced = new TracedTeacher(teacher, shape);
  const { namings } = teacher.backbone;
  const target = { role: title, classes: dataset.classes, namings };
  const state = loadWeights(traced.variables.values(), teacher.weights, target);
  const given = new Map(
    [...traced.variables.values()].map(({ name, stateName }) => [name, state.get(stateName)!]),
  );
  const wanted = [...new TracedTeacher(student, shape).variables.values()];
  const source = `student.init: ${title}`;
  const named = typeof layers === 'string' ? given : renameAll(given, layers, source);
  const tensors: StateDict = new Map(
    wanted.flatMap(({ name, tensor }) => {
      const value = named.get(layers === 'every-second' ? inTwiceAsMany(name) : name);
      return value !== undefined && sameShape(value.shape, tensor.shape) ? [[name, value] as const] : [];
    }),
  );
  if (tensors.size > 0) return { source, tensors, strict: false };
  throw new LimbeckError(
    'WEIGHTS_MISMATCH',
    `${source} has no layer of the name and shape of one of student '${student.backbone.id}'`,
    {
      hint: "say where they go: layers: [[pattern, replacement]]; 'limbeck inspect MODEL' lists names and shapes",
    },
  );
}

const sourceName = (teacher: TeacherSpec): string =>
  'foreign' in teacher ? sourceOf(teacher) : `'${teacher.backbone.id}'`;

/** The name that a model of twice as many blocks has for every second one: `layer1.1.conv1.weight` -> `layer1.2.conv1.weight`. */
function inTwiceAsMany(name: string): string {
  const parts = name.split('.');
  const block = parts.findIndex((part) => /^\d+$/.test(part));
  return block === -1 ? name : parts.with(block, String(2 * Number(parts[block]))).join('.');
}

import { didYouMean, LimbeckError, type ModelView } from '@limbeck/core';
import { teacherNameProblem } from '@limbeck/core/host';
import type { Graph } from '@limbeck/graph';
import type { TeacherChoice } from '../run/teacher-spec.js';
import { ForeignTeacher } from './foreign-teacher.js';
import { Teacher, teacherPrefix } from './teacher.js';
import { TracedTeacher } from './traced-teacher.js';

/**
 * Makes the teachers of a step ready to be asked, in order.
 *
 * @param graph the student's
 * @param image [N, C, H, W]
 * @throws LimbeckError CONFIG_INVALID for names that are taken
 */
export function planTeachers(
  graph: Graph,
  choices: readonly TeacherChoice[],
  { image, classes }: { image: readonly number[]; classes: number },
): Teacher[] {
  const bad = teacherNameProblem(choices.map(({ name }) => name));
  if (bad !== undefined) {
    throw new LimbeckError('CONFIG_INVALID', `name of teacher ${bad.index + 1}: ${bad.problem}`);
  }
  return choices.map((choice) => {
    const prefix = choices.length === 1 ? teacherPrefix : choice.name;
    const model =
      'foreign' in choice
        ? new ForeignTeacher(choice.foreign, image[0]!)
        : new TracedTeacher(choice, { prefix, image, classes });
    return new Teacher(graph, { name: choice.name, prefix, model });
  });
}

/**
 * Whom a distiller compares the student with.
 *
 * @param wanted name of a teacher; undefined for the first
 * @param view of the batch that it looks at; default the batch itself
 * @throws LimbeckError PRECONDITION where there is no teacher, UNKNOWN_ID where none has that name
 */
export function viewOf(
  teachers: readonly Teacher[],
  distiller: string,
  wanted: string | undefined,
  view?: string,
): ModelView {
  const [first] = teachers;
  if (first === undefined) {
    throw new LimbeckError('PRECONDITION', `distiller '${distiller}' needs a teacher`, {
      hint: 'add a teacher to the configuration, or leave the distiller out',
    });
  }
  const teacher = wanted === undefined ? first : teachers.find(({ name }) => name === wanted);
  if (teacher !== undefined) return teacher.view(view);
  const names = teachers.map(({ name }) => name);
  throw new LimbeckError('UNKNOWN_ID', `distiller '${distiller}' asks for a teacher '${wanted}'`, {
    hint: didYouMean(wanted!, names) ?? `there are: ${names.join(', ')}`,
    details: { distiller, teacher: wanted, teachers: names },
  });
}

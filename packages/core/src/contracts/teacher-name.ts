/** Name of a teacher that is given none. */
export const defaultTeacherName = 'teacher';

/** How messages call a teacher: `teacher`, or `teacher 'large'` where it has a name of its own. */
export const teacherTitle = (name: string): string =>
  name === defaultTeacherName ? 'teacher' : `teacher '${name}'`;

/** First parts of names that programs and states use themselves. */
const reserved: ReadonlySet<string> = new Set([
  ...['image', 'labels', 'targets', 'lr', 'loss', 'logits'],
  ...['student', 'distiller', 'optimizer', 'transforms', 'average'],
]);

/**
 * What is wrong with the names of a run's teachers: with several of them, names stand in front of what belongs to each.
 *
 * @returns the first bad name and why it is refused; undefined where all are fine
 */
export function teacherNameProblem(
  names: readonly string[],
): { readonly index: number; readonly problem: string } | undefined {
  for (const [index, name] of names.entries()) {
    if (!/^[A-Za-z][\w-]*$/.test(name)) {
      return { index, problem: `expected letters, digits, '-' and '_', a letter first, not '${name}'` };
    }
    if (reserved.has(name)) {
      return { index, problem: `expected another name: '${name}' has a meaning of its own` };
    }
    if (names.indexOf(name) < index) {
      return { index, problem: `expected a name of its own: another teacher is called '${name}'` };
    }
  }
  return undefined;
}

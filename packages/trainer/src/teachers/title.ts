import { defaultTeacherName } from '@limbeck/core';

/** How messages call a teacher: `teacher`, or `teacher 'large'` where it has a name of its own. */
export const teacherTitle = (name: string): string =>
  name === defaultTeacherName ? 'teacher' : `teacher '${name}'`;

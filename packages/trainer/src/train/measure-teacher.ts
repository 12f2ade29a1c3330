import type { WorkingTeacher } from '../execute/open-teacher.js';
import type { Control } from '../run/control.js';
import type { Progress } from '../run/progress.js';
import { examineTeacher } from './examine.js';
import { measureFidelity } from './fidelity.js';
import type { PreparedRun } from './prepare.js';

/**
 * Measures a teacher, where a session before this one has not: what it knows, and in int8 how true it is to itself.
 *
 * @throws LimbeckError PRECONDITION where it is no better than chance or not true enough, INTERRUPTED
 */
export async function measureTeacher(
  run: PreparedRun,
  { teacher, live }: WorkingTeacher,
  progress: Progress,
  control: Control,
): Promise<void> {
  const { name } = teacher.planned;
  progress.teachers[name] ??= {};
  const known = progress.teachers[name];
  if (live !== undefined && teacher.spec.placement.precision === 'int8') {
    known.fidelity ??= await measureFidelity(run, teacher, live, control);
  }
  known.metrics ??= await examineTeacher(run, teacher, live, control);
}

import { LimbeckError, type ModelView, stagesOf } from '@limbeck/core';
import { formatShape, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/** Options of methods that compare maps at several depths. */
export const tapOptions = {
  taps: z.array(z.string()).min(1).optional().describe('maps to compare; default every stage'),
  teacherTaps: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("maps on the teacher's side, in the same order; default as `taps`"),
};

/** The maps [N, C, H, W] a distiller compares, student first. */
export function mapPairs(
  distiller: string,
  { student, teacher }: { student: ModelView; teacher: ModelView },
  options: { taps?: string[] | undefined; teacherTaps?: string[] | undefined },
): [Tensor, Tensor][] {
  const ours = options.taps ?? stagesOf(student);
  const theirs = options.teacherTaps ?? options.taps ?? stagesOf(teacher);
  if (ours.length !== theirs.length || ours.length === 0) {
    const named = (taps: readonly string[]) => (taps.length === 0 ? 'none' : taps.join(', '));
    throw new LimbeckError(
      'PRECONDITION',
      `distiller '${distiller}' compares maps one by one, but student '${student.id}' has ${named(ours)} and teacher '${teacher.id}' ${named(theirs)}`,
      { hint: 'name as many of each: taps: [...], teacherTaps: [...]' },
    );
  }
  return ours.map((tap, i) => mapPair(distiller, { student, teacher }, tap, theirs[i]!));
}

/** Maps [N, C, H, W] of both sides, of which there may be different numbers: every stage, or the taps named. */
export function mapsOf(
  distiller: string,
  { student, teacher }: { student: ModelView; teacher: ModelView },
  options: { taps?: string[] | undefined; teacherTaps?: string[] | undefined },
): [students: Tensor[], teachers: Tensor[]] {
  const tapped = (view: ModelView, taps: readonly string[] | undefined) =>
    (taps ?? stagesOf(view)).map((tap) => mapOf(distiller, view, tap));
  const sides: [Tensor[], Tensor[]] = [
    tapped(student, options.taps),
    tapped(teacher, options.teacherTaps ?? options.taps),
  ];
  if (sides.every((maps) => maps.length > 0)) return sides;
  throw new LimbeckError(
    'PRECONDITION',
    `distiller '${distiller}' compares maps of stages, and '${sides[0].length > 0 ? teacher.id : student.id}' has none`,
    { hint: 'name maps: taps: [...], teacherTaps: [...]' },
  );
}

/** One map of each side. */
export function mapPair(
  distiller: string,
  { student, teacher }: { student: ModelView; teacher: ModelView },
  tap: string,
  teacherTap: string,
): [Tensor, Tensor] {
  return [mapOf(distiller, student, tap), mapOf(distiller, teacher, teacherTap)];
}

function mapOf(distiller: string, view: ModelView, path: string): Tensor {
  const map = view.tap(path);
  if (map.shape.length === 4) return map;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller '${distiller}' compares maps [N, C, H, W]; '${path}' of ${view.role} '${view.id}' is ${formatShape(map.shape)}`,
    { hint: `tap a map before the pooling: ${stagesOf(view).join(', ') || 'last-map'}` },
  );
}

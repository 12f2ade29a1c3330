import { LimbeckError, lastStageOf, type ModelView, stagesOf } from '@limbeck/core';
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

/** Options of methods that compare one map of each side. */
export const lastMapOptions = {
  tap: z.string().optional().describe("the student's map; default its last stage"),
  teacherTap: z.string().optional().describe("the teacher's map; default as `tap`, or its last stage"),
};

/** Both sides of a distillation. */
interface Models {
  readonly student: ModelView;
  readonly teacher: ModelView;
}

/** {@link tapOptions} as they were chosen. */
interface ChosenTaps {
  readonly taps?: readonly string[] | undefined;
  readonly teacherTaps?: readonly string[] | undefined;
}

/** {@link lastMapOptions} as they were chosen. */
interface ChosenTap {
  readonly tap?: string | undefined;
  readonly teacherTap?: string | undefined;
}

/**
 * The taps of both sides that options choose, student first.
 *
 * @param usual those of a model of which none are chosen
 */
export const tapsOf = (
  { student, teacher }: Models,
  { taps, teacherTaps = taps }: ChosenTaps,
  usual: (view: ModelView) => readonly string[],
): [readonly string[], readonly string[]] => [taps ?? usual(student), teacherTaps ?? usual(teacher)];

/**
 * The maps [N, C, H, W] a distiller compares, student first.
 *
 * @param usual taps of a model of which none are chosen; default its stages
 */
export function mapPairs(
  distiller: string,
  { student, teacher }: Models,
  options: ChosenTaps,
  usual: (view: ModelView) => readonly string[] = stagesOf,
): [Tensor, Tensor][] {
  const [ours, theirs] = tapsOf({ student, teacher }, options, usual);
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
  { student, teacher }: Models,
  options: ChosenTaps,
): [students: Tensor[], teachers: Tensor[]] {
  const [ours, theirs] = tapsOf({ student, teacher }, options, stagesOf);
  const sides: [Tensor[], Tensor[]] = [
    ours.map((tap) => mapOf(distiller, student, tap)),
    theirs.map((tap) => mapOf(distiller, teacher, tap)),
  ];
  if (sides.every((maps) => maps.length > 0)) return sides;
  throw new LimbeckError(
    'PRECONDITION',
    `distiller '${distiller}' compares maps of stages, and '${sides[0].length > 0 ? teacher.id : student.id}' has none`,
    { hint: 'name maps: taps: [...], teacherTaps: [...]' },
  );
}

/** The last maps [N, C, H, W] of both sides, or those that options choose. */
export const lastMaps = (
  distiller: string,
  { student, teacher }: Models,
  { tap, teacherTap = tap }: ChosenTap,
): [Tensor, Tensor] =>
  mapPair(distiller, { student, teacher }, tap ?? lastStageOf(student), teacherTap ?? lastStageOf(teacher));

/** One map of each side. */
export function mapPair(
  distiller: string,
  { student, teacher }: Models,
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

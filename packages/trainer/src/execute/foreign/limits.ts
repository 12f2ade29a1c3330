import type { ModelLimits } from '@limbeck/core/backend';

/** `teacher.limits`: what a model from a file may take while it is tried, or that it is not tried. */
export type TeacherLimits =
  | 'none'
  | {
      /** MiB. Default: 2,048 and eight times the file. */
      readonly memory?: number | undefined;
      /** Default: 60, and one for every MiB of the file. */
      readonly seconds?: number | undefined;
    };

const mebibyte = 1 << 20;

/** The limits of a trial; `undefined` where there shall be none. */
export function modelLimits(limits: TeacherLimits = {}, fileBytes = 0): ModelLimits | undefined {
  if (limits === 'none') return undefined;
  const size = Math.ceil(fileBytes / mebibyte);
  const { memory = 2048 + 8 * size, seconds = 60 + size } = limits;
  return { memoryBytes: memory * mebibyte, seconds };
}

import { LimbeckError } from '@limbeck/core';
import type { ResolvedConfig } from '@limbeck/core/host';
import type { ProjectorSize } from './grid.js';

/** The method whose projectors are tuned. */
const method = 'classifier-sharing';

/** One run of a search. */
export interface SweepRun {
  /** Folder below that of the search. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** Absent for the student alone. */
  readonly size?: ProjectorSize;
  /** Values of `--set` that make the configuration its own. */
  readonly set: readonly string[];
}

/**
 * The runs of a search: the student alone, which the others are compared with, then every size.
 *
 * @throws LimbeckError PRECONDITION where the configuration does not share the teacher's classifier
 */
export function planSweep(
  config: ResolvedConfig,
  sizes: readonly ProjectorSize[],
  { epochs, set = [] }: { epochs?: number; set?: readonly string[] },
): SweepRun[] {
  const given = [...set, ...(epochs === undefined ? [] : [`train.epochs=${epochs}`])];
  const alone = [
    ...['distiller', 'teacher', 'task.weight', 'task.balance'].map((key) => `${key}=null`),
    // as many augmentation draws as the others have by a teacher's cache, which goes with the teacher
    ...drawsOfCaches(config).map((views) => `data.views=${views}`),
  ];
  return [
    { name: 'student', label: 'student alone', set: [...given, ...alone] },
    ...sizes.map((size) => ({
      name: `q${size.projectors}-f${size.reduction}`,
      label: describeSize(size),
      size,
      set: [...given, `distiller=${JSON.stringify(sized(config, size))}`],
    })),
  ];
}

/** `2 projectors, reduction 4`. */
export const describeSize = ({ projectors, reduction }: ProjectorSize): string =>
  `${projectors} ${projectors === 1 ? 'projector' : 'projectors'}, reduction ${reduction}`;

/** Augmentation draws that a cache stands for where `data.views` says nothing: none or one number. */
const drawsOfCaches = ({ data, teacher = [] }: ResolvedConfig): number[] =>
  data.views === undefined
    ? [teacher]
        .flat()
        .flatMap(({ cache }) => cache?.views ?? [])
        .slice(0, 1)
    : [];

/** What a configuration says about its distillers, with projectors of another size. */
function sized({ distiller }: ResolvedConfig, size: ProjectorSize): unknown {
  const listed = distiller === undefined ? [] : [distiller].flat();
  if (listed.filter(({ use }) => use === method).length !== 1) {
    const named = listed.map(({ use }) => use).join(', ') || 'none';
    throw new LimbeckError(
      'PRECONDITION',
      `the search is for the projectors of '${method}'; the configuration's distiller is ${named}`,
      { hint: `write distiller: { use: '${method}' }, or add --set distiller=${method}` },
    );
  }
  const changed = listed.map((one) => (one.use === method ? { ...one, ...size } : one));
  return Array.isArray(distiller) ? changed : changed[0];
}

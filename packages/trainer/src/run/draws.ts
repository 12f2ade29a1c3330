import { LimbeckError } from '@limbeck/core';
import { teacherTitle } from '@limbeck/core/host';
import type { RunSpec } from './run-spec.js';

/**
 * How many augmentation draws a sample has in a run: what the data or a teacher's cache says, which must be one number;
 * a cache of images that are not augmented needs no more than one.
 *
 * @param augmented whether something changes the images; default whether the data's own augmentation does
 * @returns undefined where every epoch has draws of its own
 * @throws LimbeckError CONFIG_INVALID
 */
export function drawsOf(
  { data, teachers }: Pick<RunSpec, 'data' | 'teachers'>,
  { augmented = data.augment.length > 0 }: { readonly augmented?: boolean } = {},
): number | undefined {
  const said = [
    { who: 'data', views: data.views },
    ...teachers.map(({ name, cache }) => ({
      who: `the cache of ${teacherTitle(name)}`,
      views: cache?.views,
    })),
  ].filter(({ views }) => views !== undefined);
  const [first] = said;
  const other = said.find(({ views }) => views !== first!.views);
  if (other !== undefined) {
    throw new LimbeckError(
      'CONFIG_INVALID',
      `${first!.who} has ${first!.views} views, ${other.who} has ${other.views}`,
      { hint: 'student and teachers see the same draws: say one number, in one place' },
    );
  }
  if (first !== undefined) return first.views;
  const cached = teachers.find(({ cache }) => cache !== undefined);
  if (cached === undefined) return undefined;
  if (!augmented) return 1;
  throw new LimbeckError(
    'CONFIG_INVALID',
    `the cache of ${teacherTitle(cached.name)} needs a number of augmentation draws`,
    {
      hint:
        'say teacher.cache.views: every sample is seen under that many draws in turn, and kept as often; ' +
        'fewer save space and cost accuracy, so begin with 8 or more',
    },
  );
}

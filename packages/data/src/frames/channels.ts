import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';

/** Colour to one grey channel. */
export const toGrey = defineAugmentation({
  id: 'to-grey',
  kind: 'channels',
  description: 'colour to one grey channel (ITU-R 601)',
  options: z.strictObject({}),
  create: () => 1 as const,
});

/** Grey to three equal channels. */
export const toRgb = defineAugmentation({
  id: 'to-rgb',
  kind: 'channels',
  description: 'grey to three equal channels',
  options: z.strictObject({}),
  create: () => 3 as const,
});

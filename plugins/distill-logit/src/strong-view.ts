import { useOption } from '@limbeck/core';
import { z } from 'zod';

/** Option for what makes the strong view of a method. Default: that of FixMatch with its mean colour, as CRLD and MLKD are released. */
export const strongViewOption = z
  .array(useOption)
  .min(1)
  .default([
    { use: 'rand-augment', count: 2, list: 'fixmatch' },
    { use: 'cutout', size: 0.5, drawn: true, fill: [125, 123, 114] },
  ])
  .describe("what makes the strong view, after the run's own augmentation");

import { defineTask } from '@limbeck/core';
import { z } from 'zod';

/** Learns from teachers alone; data needs no labels. */
export const noTask = defineTask({
  id: 'none',
  description: 'nothing is learnt from targets: distillers alone teach, labels are not needed',
  options: z.strictObject({}),
  term: 'none',
  targets: [],
  loss: () => undefined,
});

import { z } from 'zod';

/** Options of methods that train something first. */
export const initialOptions = {
  initialEpochs: z.int().min(1).default(30).describe('epochs of the initial phase'),
  initialLr: z
    .number()
    .positive()
    .optional()
    .describe("learning rate of the initial phase; default the run's, before its schedule"),
};

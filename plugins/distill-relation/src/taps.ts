import { z } from 'zod';

/** Options of methods that compare one feature of each side. */
export const tapOptions = {
  tap: z.string().default('embedding').describe('the feature on both sides'),
  teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
};

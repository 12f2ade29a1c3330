import { z } from 'zod';

/** The schema of an option that names a contribution, with its own options beside the name where it is given any. */
export const useOption = z.union([z.string(), z.looseObject({ use: z.string() })]);

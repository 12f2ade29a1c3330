import { z } from 'zod';

/** How values between pixels are found. */
export const filterOption = z
  .enum(['nearest', 'bilinear', 'bicubic', 'lanczos'])
  .default('bilinear')
  .describe('how values between pixels are found; all but `nearest` average when they make smaller');

/** Height and width of what a frame gives. */
export const sizeOption = z
  .union([z.int().positive(), z.tuple([z.int().positive(), z.int().positive()])])
  .describe('pixels of height and width, or [height, width]');

/** Both sides of {@link sizeOption}. */
export const sidesOf = (size: z.output<typeof sizeOption>): { height: number; width: number } =>
  typeof size === 'number' ? { height: size, width: size } : { height: size[0], width: size[1] };

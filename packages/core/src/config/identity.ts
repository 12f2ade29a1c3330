import * as z from 'zod';

/** How a setting enters the identity of a run. */
interface Part {
  /** Its name there, where that is not its key. */
  readonly as?: string;
  readonly part: 'irrelevant' | 'by value' | 'when set' | 'by content';
}

/**
 * Says of every setting of the schema how it enters the identity of a run: what the run's numbers depend on. A checkpoint holds the
 * identity, and `--resume` refuses another one. An object of settings may be registered as a whole.
 */
export const identity = z.registry<Part>();

/** No number depends on it. */
export const irrelevant: Part = { part: 'irrelevant' };

/** Its value is part of the identity. */
export const byValue: Part = { part: 'by value' };

/** As {@link byValue}, under another name than its key. */
export const byValueAs = (name: string): Part => ({ ...byValue, as: name });

/** Its value is, unless it is the default: runs from before there was the setting can be resumed. */
export const whenSet: Part = { part: 'when set' };

/** What it names is: a contribution with its options, the content of a file, the samples of a data set. The trainer adds these. */
export const byContent: Part = { part: 'by content' };

/** The settings of an object whose values are part of the identity, by their names there. */
export function decisiveValues(
  { shape }: z.ZodObject,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(shape).flatMap(([key, setting]): [string, unknown][] => {
    const value = values[key];
    const { part, as = key } = identity.get(setting) ?? {};
    const isIn = part === 'by value' || (part === 'when set' && !isDefault(setting as z.ZodType, value));
    return isIn ? [[as, value]] : [];
  });
  return Object.fromEntries(entries);
}

function isDefault(setting: z.ZodType, value: unknown): boolean {
  if (value === undefined) return true;
  const absent = setting.safeParse(undefined);
  return absent.success && JSON.stringify(absent.data) === JSON.stringify(value);
}

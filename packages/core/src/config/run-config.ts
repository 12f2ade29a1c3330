import type * as z from 'zod';
import type { Plugin } from '../contracts/plugin.js';
import type { runSchema } from './schema.js';

type Input = z.input<typeof runSchema>;

/** A listed plugin; falsy ones are left out, so that `condition && plugin` works. */
type PluginListing = NonNullable<Input['plugins']>[number] | false | null | undefined;

/** A part as it may be written: its id alone, or with options. */
type Written<Part> = string | Part;

/** Every key of a configuration that stands alone. */
type Whole = Omit<Input, 'plugins' | 'data' | 'student' | 'teacher'> & {
  data: Written<Input['data']>;
  student: Written<Input['student']>;
  teacher?: Written<Input['teacher']> | string[] | undefined;
  /** Plugins: a package name, a path, what `definePlugin` made, or one of these with options. */
  plugins?: PluginListing[] | undefined;
};

/** The same with a preset underneath, which may say anything that is left out. */
type OnPreset = Omit<Partial<Whole>, 'data' | 'student' | 'train'> & {
  /** Presets this starts from: files or packages, merged first to last, under this one. */
  extends: string | string[];
  data?: Written<Partial<Input['data']>> | undefined;
  student?: Written<Partial<Input['student']>> | undefined;
  train?: Partial<Input['train']> | undefined;
};

/**
 * What a user writes: see the descriptions of the fields in `limbeck config explain`. Values of contributions' own options
 * stand beside `use` and are checked by the contribution.
 */
export type RunConfig = (Whole & { extends?: undefined }) | OnPreset;

/** A configuration as data: it stands alone, writes each part as an object, and names its plugins. JSON only. */
export type PlainRun = Omit<Input, 'plugins'> & { plugins?: string[] };

/** A value and all that is in it, not to be written to. */
export type DeepReadonly<T> = T extends Plugin
  ? T
  : T extends readonly unknown[]
    ? { readonly [I in keyof T]: DeepReadonly<T[I]> }
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T;

/** A configuration with every default filled in, every bare id an object, and frozen. */
export type ResolvedConfig = DeepReadonly<z.output<typeof runSchema>>;

/**
 * Gives a configuration its type; returns it as it is.
 *
 * @example
 * export default defineConfig({
 *   data: { use: 'fashion-mnist', augment: ['flip'] },
 *   student: { use: 'resnet8' },
 *   train: { epochs: 6 },
 * });
 */
export function defineConfig(config: RunConfig): RunConfig {
  return config;
}

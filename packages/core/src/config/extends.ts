import { LimbeckError } from '../errors.js';
import { describeValue, isPlainObject } from './plain.js';

/**
 * The presets a written configuration starts from, first to last. Loading them is the caller's: their layers come before
 * this one.
 *
 * @throws LimbeckError CONFIG_INVALID where `extends` is neither text nor a list of texts
 */
export function extendsOf(written: unknown, source: string): readonly string[] {
  const presets: unknown = isPlainObject(written) ? (written.extends ?? []) : [];
  const list: unknown[] = Array.isArray(presets) ? presets : [presets];
  return list.map((preset) => {
    if (typeof preset === 'string' && preset !== '') return preset;
    throw new LimbeckError(
      'CONFIG_INVALID',
      `${source}: extends: found ${describeValue(preset)}, expected the path or package of a preset`,
    );
  });
}

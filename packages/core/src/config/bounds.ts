import { isPlugin } from '../contracts/plugin.js';
import { LimbeckError } from '../errors.js';

/** Deeper nesting than any configuration has: it stops cycles. */
export const mostLevels = 64;

/** More values than any configuration has, lists of weights for twenty thousand classes among them. */
export const mostValues = 50_000;

/**
 * Refuses what a configuration cannot be by its extent alone, before anything walks through it level by level.
 *
 * @throws LimbeckError CONFIG_INVALID
 */
export function refuseOversized(layer: unknown, source: string): void {
  const waiting: { readonly value: unknown; readonly level: number }[] = [{ value: layer, level: 0 }];
  let values = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, level } = next;
    if (typeof value !== 'object' || value === null || isPlugin(value)) continue;
    if (level > mostLevels) {
      throw new LimbeckError('CONFIG_INVALID', `${source} is nested too deeply, over ${mostLevels} levels`, {
        hint: 'an object that contains itself cannot be part of a configuration',
        details: { source, levels: mostLevels },
      });
    }
    const inner: unknown[] = Object.values(value);
    values += inner.length;
    if (values > mostValues) {
      throw new LimbeckError('CONFIG_INVALID', `${source} holds over ${mostValues} values`, {
        hint: 'a configuration names data, it does not hold them',
        details: { source, values: mostValues },
      });
    }
    for (const one of inner) waiting.push({ value: one, level: level + 1 });
  }
}

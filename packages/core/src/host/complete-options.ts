import type { OptionSchema } from '../contracts/contribution.js';
import { acceptedOptions, checkOptions } from './options.js';

/**
 * Options of a contribution, checked and completed by its own schema: what a host does for those who name contributions by
 * id, for those who hold one.
 *
 * @param given what is chosen; defaults fill in the rest
 * @throws LimbeckError UNKNOWN_OPTION, CONFIG_INVALID, PLUGIN_INVALID, as a host's `use`
 *
 * @example
 * planStudent({ student: { backbone: resnet18, options: completeOptions(resnet18, { stem: 'cifar' }) }, ... });
 */
export function completeOptions<Options>(
  contribution: { readonly id: string; readonly options?: OptionSchema<Options> },
  given: Readonly<Record<string, unknown>> = {},
): Options {
  const { id, options } = contribution;
  return acceptedOptions(checkOptions(options, given), { what: `'${id}'`, details: { id } }) as Options;
}

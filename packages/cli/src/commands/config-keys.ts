import { configKeys, configKeysTable } from '../config/reference.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { print, printJson } from '../output/print.js';

/** `limbeck config keys`: every key a configuration may have; needs no configuration. */
export async function configKeysCommand(
  io: Io,
  { json, markdown }: { readonly json?: boolean; readonly markdown?: boolean },
): Promise<void> {
  if (json) {
    printJson(io, { keys: configKeys() });
    return;
  }
  if (markdown) {
    print(io, configKeysTable());
    return;
  }
  const { bold, dim } = colorsFor(io.env, io.stdout);
  for (const { path, type, required, default: value, meaning } of configKeys()) {
    const fallback = required ? ', required' : value === undefined ? '' : `, default ${value}`;
    print(io, `${bold(path)} ${dim(`(${type}${fallback})`)}`);
    if (meaning !== '') print(io, `    ${meaning}`);
  }
}

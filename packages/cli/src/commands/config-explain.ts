import type { Explanation } from '@limbeck/core/host';
import { isPlugin } from '@limbeck/core/host';
import { type ConfigChoice, openConfig } from '../config/open-config.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { print, printJson } from '../output/print.js';

/** `limbeck config explain [KEY]`: each value, what it means and where it comes from. */
export async function configExplain(
  io: Io,
  options: ConfigChoice & { readonly key?: string; readonly json?: boolean },
): Promise<void> {
  const { file, explain } = await openConfig(options, io.cwd);
  const explanations = explain(options.key);
  if (options.json) {
    printJson(io, { file, values: explanations.map((one) => ({ ...one, value: plainValue(one.value) })) });
    return;
  }
  const { bold, dim } = colorsFor(io.env, io.stdout);
  print(io, dim(`# ${file}`));
  for (const one of explanations) {
    print(io, `${bold(one.path)} = ${shownValue(one.value)}`, `    from ${origin(one)}`);
    if (one.description !== undefined) print(io, dim(`    ${one.description}`));
  }
}

function origin({ source, overridden }: Explanation): string {
  const before = overridden.map((said) => `${shownValue(said.value)} (${said.source})`);
  const from = source === 'default' ? 'the default' : source;
  return before.length === 0 ? from : `${from}; before it ${before.join(', ')}`;
}

const shownValue = (value: unknown): string => JSON.stringify(plainValue(value)) ?? 'nothing';

const plainValue = (value: unknown): unknown => (isPlugin(value) ? value.name : value);

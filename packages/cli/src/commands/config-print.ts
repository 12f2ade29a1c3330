import { configToJson } from '@limbeck/core/host';
import { type ConfigChoice, openConfig } from '../config/open-config.js';
import type { Io } from '../io.js';
import { print, printJson } from '../output/print.js';

/** `limbeck config print`: the configuration with every default filled in, as YAML or JSON. */
export async function configPrint(
  io: Io,
  options: ConfigChoice & { readonly json?: boolean },
): Promise<void> {
  const { config, file } = await openConfig(options, io.cwd);
  const resolved = configToJson(config);
  if (options.json) {
    printJson(io, { file, config: resolved });
    return;
  }
  const { stringify } = await import('yaml');
  print(io, `# ${file}`, stringify(resolved, { lineWidth: 110 }));
}

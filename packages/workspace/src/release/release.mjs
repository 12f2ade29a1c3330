/**
 * Releases all packages with one version: `npm run release -- version [lerna's arguments]` sets the version, `npm run release -- publish
 * [lerna's arguments]` publishes what is tagged. Lerna skips its own hooks where install scripts are off, as .npmrc says; here
 * they are on, and nothing is installed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { incompletePackages } from './packages.mjs';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** @type {Record<string, string[]>} */
const commands = { version: ['version'], publish: ['publish', 'from-package'] };
const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;

if (command === undefined) {
  process.stderr.write('usage: npm run release -- version|publish [arguments of lerna]\n');
  process.exitCode = 2;
} else {
  const incomplete = name === 'publish' ? incompletePackages(root) : [];
  if (incomplete.length > 0) {
    process.stderr.write(
      `These packages cannot be published:\n${incomplete.map((line) => `  ${line}\n`).join('')}`,
    );
    process.exitCode = 1;
  } else {
    const lerna = fileURLToPath(import.meta.resolve('lerna/dist/cli.js'));
    const { status } = spawnSync(process.execPath, [lerna, ...command, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, npm_config_ignore_scripts: 'false' },
    });
    process.exitCode = status ?? 1;
  }
}

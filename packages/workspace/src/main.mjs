import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { runChild } from './child.mjs';
import { Failure } from './failure.mjs';
import { ensureInstalled } from './install.mjs';
import { scripts } from './scripts.mjs';

const steps = { install: ensureInstalled, build: ensureBuilt };

/**
 * Makes fresh what the script needs, then becomes the script: its exit code or signal is the process's own.
 * @param {string} root
 * @param {string | undefined} name
 * @param {string[]} args
 */
export async function main(root, name, args) {
  try {
    const script = name && Object.hasOwn(scripts, name) ? scripts[name] : undefined;
    if (!script) {
      throw new Failure(`Unknown script '${name ?? ''}'. There are: ${Object.keys(scripts).join(', ')}.`, {
        exitCode: 2,
      });
    }
    for (const need of script.needs) await steps[need](root);
    if (script.run)
      leaveAs(await runChild([process.execPath, ...located(root, script.run), ...args], { cwd: root }));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.output) process.stderr.write(`${error.output.trimEnd()}\n`);
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/**
 * @param {string} root
 * @param {string[]} run
 */
function located(root, [file = '', ...rest]) {
  const absolute = path.join(root, file);
  if (!existsSync(absolute))
    throw new Failure(`${file} is not there although everything is installed and built.`);
  return [absolute, ...rest];
}

/** @param {import('./child.mjs').Ending} ending */
function leaveAs({ code, signal }) {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
}

import { isLimbeckError } from '@limbeck/core';
import { runCommand } from '../session/command.js';
import { readOptions, usage } from './options.js';
import { setupTfjs } from './setup.js';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(usage);
  else {
    const say = (line: string) => process.stdout.write(`${line}\n`);
    await setupTfjs(options, { run: runCommand, say, platform: process.platform });
  }
} catch (error) {
  if (!isLimbeckError(error)) throw error;
  const hint = error.hint === undefined ? '' : `\n  ${error.hint}`;
  process.stderr.write(`error[${error.code}]: ${error.message}${hint}\n`);
  process.exitCode = error.exitCode;
}

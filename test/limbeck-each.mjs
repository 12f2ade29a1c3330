/**
 * Runs command lines one after another in this process, which loads everything once: `node limbeck-each.mjs JSON`, a list of
 * lists of arguments. Prints a line of JSON for each: its exit status and what it wrote.
 */
import { EventEmitter } from 'node:events';
import { run } from '../packages/cli/dist/run.js';

for (const args of JSON.parse(process.argv[2])) {
  const texts = { stdout: '', stderr: '' };
  const sink = (name) => ({
    write(text) {
      texts[name] += text;
    },
  });
  const code = await run(args, {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: {},
    cwd: process.cwd(),
    env: process.env,
    signals: new EventEmitter(),
    exit: (status) => process.exit(status),
    work: 'here',
  });
  process.stdout.write(`${JSON.stringify({ code, ...texts })}\n`);
}

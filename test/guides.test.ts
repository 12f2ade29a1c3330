import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkpointSteps, limbeck, start, untilCheckpoint } from './limbeck.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const guides = path.join(root, 'docs/guide');
const pages = [
  ...(await readdir(guides)).filter((page) => page.endsWith('.md')).map((page) => `docs/guide/${page}`),
  'docs/training.md',
];
const named = /```js\n\/\/ (\S+\.mjs)\n([\s\S]*?)```/g;
const commands = /```sh\n([\s\S]*?)```/g;

/** One command of a page. A training run is broken off once it has taken a few steps and kept them. */
async function run(line: string, cwd: string): Promise<void> {
  const [command, ...args] = line.split(' ') as [string, ...string[]];
  if (command === 'node') {
    await promisify(execFile)(process.execPath, args, { cwd });
  } else if (command === 'limbeck' && args[0] === 'train') {
    const folder = path.join(cwd, args[args.indexOf('--out') + 1]!);
    const { child, ended } = start([...args, '--set', 'train.checkpoint.everySteps=2'], cwd);
    await untilCheckpoint(folder, 2, child);
    child.kill('SIGINT');
    const { stderr } = await ended;
    expect(checkpointSteps(folder).at(-1), stderr).toBeGreaterThanOrEqual(2);
  } else if (command === 'limbeck') {
    const { code, stderr } = await limbeck(args, cwd);
    expect(code, stderr).toBe(0);
  } else throw new Error(`no way to try '${line}'`);
}

/** What a page says to write and to type is written and typed, in order, in a folder of its own. */
describe.each(pages)('%s', (page) => {
  let scratch: string;
  let text: string;
  beforeAll(async () => {
    text = await readFile(path.join(root, page), 'utf8');
    scratch = await mkdtemp(path.join(tmpdir(), 'limbeck-guide-'));
    // found as they would be where the packages are installed
    await symlink(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
    await writeFile(path.join(scratch, 'package.json'), '{}');
    const teacher = path.join(root, 'packages/cli/demo/teacher/teacher.safetensors');
    await cp(teacher, path.join(scratch, 'teacher.safetensors'));
    for (const [, name, content] of text.matchAll(named))
      await writeFile(path.join(scratch, name!), content!);
  });
  afterAll(() => rm(scratch, { recursive: true }));

  test('what it says to type works', { timeout: 120_000 }, async () => {
    const lines = [...text.matchAll(commands)].flatMap(([, block]) => block!.trim().split('\n'));
    expect(lines.length, 'commands to try').toBeGreaterThan(0);
    for (const line of lines) await run(line, scratch);
  });
});

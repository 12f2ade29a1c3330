import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limbeck } from './limbeck.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What `limbeck inspect CONFIG --json` says, after every part was found, checked and traced. */
async function inspect(config: string, cwd: string) {
  const { code, stdout, stderr } = await limbeck(['inspect', config, '--json'], cwd);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

test.each([
  ['examples/fashion-mnist/limbeck.config.ts', ['ce', 'feature']],
  ['examples/vanilla-kd/limbeck.config.ts', ['ce', 'bce', 'kd']],
  ['examples/your-own-distiller/limbeck.config.mjs', ['ce', 'feature', 'energy']],
])('%s composes', async (config, terms) => {
  const composed = await inspect(config, root);
  expect(Object.keys(composed.losses)).toEqual(terms);
});

describe('configurations in the documentation compose', () => {
  let scratch: string;
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'limbeck-documentation-'));
    // found as they would be where the packages are installed
    await symlink(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
    const teacher = path.join(root, 'packages/cli/demo/teacher/teacher.safetensors');
    await cp(teacher, path.join(scratch, 'teacher.safetensors'));
  });
  afterAll(() => rm(scratch, { recursive: true }));

  test.each(['README.md'])('%s', async (page) => {
    const text = await readFile(path.join(root, page), 'utf8');
    const blocks = [...text.matchAll(/```ts\n(\/\/ limbeck\.config\.ts\n[\s\S]*?)```/g)].map(
      ([, block]) => block!,
    );
    expect(blocks.length, 'a configuration to try').toBeGreaterThan(0);
    for (const block of blocks) {
      await writeFile(path.join(scratch, 'limbeck.config.ts'), block);
      await inspect('limbeck.config.ts', scratch);
    }
  });
});

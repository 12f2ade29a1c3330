import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { scripts } from './scripts.mjs';

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

it("the root's npm scripts and the table name the same scripts", () => {
  const expected = Object.fromEntries(
    Object.keys(scripts).map((name) => [name, `node packages/workspace/bootstrap.mjs ${name}`]),
  );
  const { version: hook, ...others } = manifest.scripts;
  expect(others).toEqual(expected);
  expect(hook, "lerna's hook").toBe('node packages/workspace/src/release/write-versions.mjs');
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { licenceListing } from './licence-listing.mjs';

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

it('lists what is installed with Limbeck apart from what is for development', () => {
  const page = licenceListing({
    'node_modules/@limbeck/graph': { link: true },
    'node_modules/zod': { version: '4.6.7', license: 'MIT' },
    'node_modules/vitest': { version: '4.1.12', license: 'MIT', dev: true },
    'node_modules/a/node_modules/@scope/b': { version: '1.0.0' },
  });
  const [, shipped, development] = page.split('\n## ');
  expect(shipped).toContain('| @scope/b | 1.0.0 | not stated |\n| zod | 4.6.7 | MIT |');
  expect(development).toContain('| vitest | 4.1.12 | MIT |');
  expect(page).not.toContain('@limbeck/graph');
});

it('docs/licenses.md is current: `npm run licenses` writes it', () => {
  expect(read('docs/licenses.md')).toBe(licenceListing(JSON.parse(read('package-lock.json')).packages));
});

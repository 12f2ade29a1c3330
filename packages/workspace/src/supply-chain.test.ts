import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cycloneDx, isAllowed, lockProblems, readAudit } from './supply-chain.mjs';

it('the lock file names a checksum and an allowed licence for every package', () => {
  const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'));
  expect(lockProblems(lock.packages)).toEqual([]);
});

it('a package without checksum, from a file or under another licence is told', () => {
  const sound = { version: '1.0.0', license: 'MIT', integrity: 'sha512-x' };
  expect(
    lockProblems({ 'node_modules/a': sound, 'packages/b': {}, 'node_modules/c': { link: true } }),
  ).toEqual([]);
  expect(
    lockProblems({
      'node_modules/a': { ...sound, integrity: 'sha1-x' },
      'node_modules/b': { ...sound, resolved: 'git+ssh://somewhere' },
      'node_modules/@c/d': { ...sound, license: 'AGPL-3.0' },
    }),
  ).toEqual([
    'a 1.0.0 has no checksum of SHA-512',
    'b 1.0.0 comes from git+ssh://somewhere',
    '@c/d 1.0.0 has the licence AGPL-3.0',
  ]);
  const lesser = { ...sound, license: 'Apache-2.0 AND LGPL-3.0-or-later' };
  expect(lockProblems({ 'node_modules/@img/sharp-wasm32': lesser, 'node_modules/e': lesser })).toEqual([
    'e 1.0.0 has the licence Apache-2.0 AND LGPL-3.0-or-later',
  ]);
});

it.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0)', true],
  ['MIT AND Apache-2.0', true],
  ['MIT AND GPL-3.0', false],
  ['none', false],
])('the licence %s', (expression, expected) => {
  expect(isAllowed(expression)).toBe(expected);
});

it('an audit tells grave findings, or that nobody answered', () => {
  const finding = { name: 'a', severity: 'high', range: '<2' };
  const output = JSON.stringify({ vulnerabilities: { a: finding, b: { ...finding, severity: 'low' } } });
  expect(readAudit(output)).toEqual({ answered: true, findings: ['a <2: high'] });
  expect(readAudit('{"error":{"code":"ENOTFOUND"}}')).toEqual({ answered: false, findings: [] });
  expect(readAudit('')).toEqual({ answered: false, findings: [] });
});

it('a bill of materials names what is installed, with its checksum', () => {
  const integrity = `sha512-${Buffer.from('abc').toString('base64')}`;
  const { components, bomFormat } = cycloneDx(
    {
      'node_modules/@a/b': { version: '1.2.3', license: 'MIT', integrity },
      'node_modules/x/node_modules/@a/b': { version: '1.2.3', license: 'MIT', integrity },
      'node_modules/c': { version: '1.0.0', license: 'MIT', integrity, dev: true },
      'packages/d': {},
    },
    '0.1.0',
  );
  expect(bomFormat).toBe('CycloneDX');
  expect(components).toMatchObject([
    { name: '@a/b', purl: 'pkg:npm/%40a/b@1.2.3', hashes: [{ alg: 'SHA-512', content: '616263' }] },
  ]);
});

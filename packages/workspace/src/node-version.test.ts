import { expect, it } from 'vitest';
import { nodeTooOld } from './node-version.mjs';

it.each(['20.19.0', '20.20.2', '22.0.0', '100.1.0'])('Node %s will do', (version) => {
  expect(nodeTooOld(version, '>=20.19')).toBeUndefined();
});

it.each(['20.18.3', '18.20.8', '9.11.2'])('Node %s is named as too old, with what is needed', (version) => {
  expect(nodeTooOld(version, '>=20.19')).toBe(
    `Node ${version} is too old: Limbeck needs Node 20.19 or later.`,
  );
});

it('reads a range of three numbers', () => {
  expect(nodeTooOld('20.19.0', '>=20.19.1')).toContain('20.19.1');
});

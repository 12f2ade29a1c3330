import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { doorsOf } from './architecture/doors.js';
import { readWorkspace } from './architecture/workspace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = readWorkspace(root).filter(({ manifest }) => manifest.private !== true);
const doors = packages.flatMap((one) => doorsOf(root, one));

/** What packages export is a promise: a change of it is seen in review, as a change of these lists. */
describe.each(doors)('$specifier', ({ exported }) => {
  test('exports what is written down', () => {
    expect(exported.map(({ name }) => name)).toMatchSnapshot();
  });

  test('explains every export', () => {
    expect(
      exported.filter(({ documented }) => !documented).map(({ name, file }) => `${file}: ${name}`),
    ).toEqual([]);
  });
});

it('shows each name behind one door of a package', () => {
  const twice = packages.flatMap((one) => {
    const names = doorsOf(root, one).flatMap(({ exported }) => exported.map(({ name }) => name));
    return names.filter((name, at) => names.indexOf(name) < at).map((name) => `${one.folder}: ${name}`);
  });
  expect(twice).toEqual([]);
});

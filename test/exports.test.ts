import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { doorsOf } from './architecture/doors.js';
import { readWorkspace } from './architecture/workspace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const doors = readWorkspace(root)
  .filter(({ manifest }) => manifest.private !== true)
  .flatMap((one) => doorsOf(root, one));

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

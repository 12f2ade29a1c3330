import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type MatlabStruct, readMatlab } from './read.js';

// written by SciPy: see plugins/datasets-vision/scripts/make-meta.py
const file = fileURLToPath(
  new URL('../../../../plugins/datasets-vision/test-data/meta.mat', import.meta.url),
);
const bytes = new Uint8Array(readFileSync(file));

test('structs, texts and numbers come as they were saved', () => {
  const variables = readMatlab(bytes);
  const { fields } = variables.get('synsets') as MatlabStruct;
  expect(variables.get('count')).toEqual([4]);
  expect([...fields.keys()]).toEqual(['ILSVRC2012_ID', 'WNID', 'words', 'num_children', 'children']);
  expect(fields.get('ILSVRC2012_ID')).toEqual([[1], [2], [3], [1001]]);
  expect(fields.get('WNID')).toEqual(['n02119789', 'n01440764', 'n03000684', 'n00001740']);
  expect(fields.get('children')).toEqual([[], [], [], [0, 1]]);
});

test('a file cut anywhere, or with any byte changed, is read or refused, and never breaks', () => {
  const tries = [
    ...Array.from({ length: bytes.length }, (_, end) => bytes.subarray(0, end)),
    ...Array.from(bytes, (_, at) => {
      const changed = bytes.slice();
      changed[at]! ^= 0x55;
      return changed;
    }),
  ];
  for (const damaged of tries) {
    try {
      readMatlab(damaged, { source: 'x.mat' });
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_FILE', message: expect.stringContaining('x.mat') });
    }
  }
});

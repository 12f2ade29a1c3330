import { defineDistiller, type Use } from '@limbeck/core';
import { flip, padCrop } from '@limbeck/data';
import { mean, square, sub } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { describe, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherCacheSpec } from '../run/teacher-spec.js';
import { cachedSpec, type SpecChanges } from '../testing/cached-spec.js';
import { toyDataset } from '../testing/toy-data.js';
import { toyTeacher, toyTeacherWeights } from '../testing/toy-models.js';
import { describeCaches } from './describe-caches.js';

const spec = (cache: Partial<TeacherCacheSpec>, changes: SpecChanges = {}): RunSpec =>
  cachedSpec(referenceBackend, { dir: 'caches', ...cache }, changes);

const logitsAlone = defineDistiller({
  id: 'logits-alone',
  description: 'squared distance of logits',
  build: ({ student, teacher }) => ({
    losses: { logits: { weight: 1, value: mean(square(sub(student.logits, teacher.logits))) } },
  }),
});

describe('the name of a cache', () => {
  const folderOf = (what: RunSpec) => describeCaches(what)[0]!.folder;
  const otherWeights = new Map(toyTeacherWeights().tensors);
  otherWeights.set('fc.bias', { ...otherWeights.get('fc.bias')!, data: Float32Array.of(0, 1) } as never);
  const dataset = toyDataset({ train: 27 });

  it.each<[string, RunSpec]>([
    ['weights', spec({}, { teacher: { weights: { source: 'x', tensors: otherWeights } } })],
    ['backbone', spec({}, { teacher: { backbone: { ...toyTeacher, id: 'other' } } })],
    ['backend', spec({}, { teacher: { placement: { backend: { ...referenceBackend, id: 'other' } } } })],
    ['precision', spec({}, { teacher: { placement: { backend: referenceBackend, precision: 'bfloat16' } } })],
    ['element type', spec({ dtype: 'float16' })],
    ['top logits', spec({ logits: { top: 1 } })],
    ['data', spec({}, { data: { dataset: { ...dataset, fingerprint: 'changed' } } })],
    [
      'normalisation',
      spec({}, { data: { dataset: { ...dataset, normalization: { mean: [0.4], std: [0.25] } } } }),
    ],
    ['augmentation', spec({}, { data: { augment: [{ contribution: padCrop, options: { pad: 1 } }] } })],
    [
      "augmentation's options",
      spec({}, { data: { augment: [{ contribution: flip, options: { p: 0.4 } }] } }),
    ],
    ['seed', spec({}, { seed: 8 })],
    ['features', spec({}, { distillers: [{ distiller: logitsAlone, options: {} }] })],
  ])('differs with other %s', (_, changed) => {
    expect(folderOf(changed)).not.toBe(folderOf(spec({})));
  });

  it('does not differ with what makes no difference', () => {
    const reference = folderOf(spec({}));
    for (const same of [
      spec({}, { data: { batchSize: 5 } }),
      spec({ views: 9 }),
      spec({}, { epochs: 1, lr: 3 }),
      spec({}, { teacher: { name: 'wise' } }),
      spec({}, { teacher: { placement: { backend: referenceBackend, threads: 3 } } }),
    ]) {
      expect(folderOf(same)).toBe(reference);
    }
    const plain = { data: { augment: [] } };
    expect(folderOf(spec({}, { ...plain, seed: 1 }))).toBe(folderOf(spec({}, plain)));
  });
});

describe('refused', () => {
  it.each<[string, RunSpec, string]>([
    [
      'augmentation and no number of views',
      spec({ views: undefined }),
      'the cache of teacher needs a number of augmentation draws',
    ],
    [
      'two numbers of views',
      spec({ views: 2 }, { data: { views: 3 } }),
      'data has 3 views, the cache of teacher has 2',
    ],
    ['too many top logits', spec({ logits: { top: 2 } }), 'the cache shall keep the top 2 of 2 logits'],
  ])('%s', (_, what, message) => {
    expect(() => describeCaches(what)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message }));
  });
});

describe('features of further views of the batch', () => {
  const onView = (augment: readonly Use[]): RunSpec['distillers'] => {
    const distiller = defineDistiller({
      id: 'viewed',
      description: 'squared distance of logits on another draw',
      build: ({ view }) => {
        const { student, teacher } = view('strong', { augment });
        return {
          losses: { strong: { weight: 1, value: mean(square(sub(student.logits, teacher.logits))) } },
        };
      },
    });
    return [{ distiller, options: {} }];
  };
  const [same, other] = [onView([]), onView([{ use: 'flip', p: 0.5 }])];

  it('are kept under the name of the view', () => {
    const [facts] = describeCaches(spec({}, { distillers: same }));
    expect(facts).toMatchObject({ features: { 'view.strong.logits': 'float32' }, views: 2 });
  });

  it('are in another cache where the view is made otherwise', () => {
    const folders = [same, other].map((distillers) => describeCaches(spec({}, { distillers }))[0]!.folder);
    expect(new Set(folders).size).toBe(2);
  });

  it('need a number of draws where the view alone is augmented', () => {
    const plain = { data: { augment: [] } };
    const asked = (views: number | undefined, distillers: RunSpec['distillers']) =>
      describeCaches(spec({ views }, { ...plain, distillers }))[0]!;
    expect(asked(undefined, same).views).toBe(1);
    expect(asked(3, other).views).toBe(3);
    expect(() => asked(undefined, other)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: 'the cache of teacher needs a number of augmentation draws',
      }),
    );
  });
});

it('is not there where nothing is needed of the teacher', () => {
  expect(describeCaches(spec({}, { distillers: [] }))).toEqual([]);
});

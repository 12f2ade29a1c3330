import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchTransform } from '@limbeck/core';
import { cutmix, mixup, mixupOrCutmix } from '@limbeck/data';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import { noTask } from '../tasks/none.js';
import { cachedSpec } from '../testing/cached-spec.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toyDataset } from '../testing/toy-data.js';
import { rememberingDistiller, viewingDistiller } from '../testing/toy-methods.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';
import { prepareRun } from './prepare.js';

const root = temporaryFolder();
afterAll(() => root.remove());
let runs = 0;
const newFolder = () => join(root.path, `run-${runs++}`);

/** Of all kinds. */
type Transforms = NonNullable<RunSpec['data']['batchTransforms']>;

const mixing: Transforms = [{ contribution: mixup, options: { alpha: 1, p: 1 } }];
const either: Transforms = [
  { contribution: mixupOrCutmix, options: { mixupAlpha: 0.8, cutmixAlpha: 1, switch: 0.5, p: 1 } },
];

const spec = (batchTransforms: Transforms, changes: Partial<RunSpec> = {}) => {
  const toy = toySpec(referenceBackend, { epochs: 2, ...changes });
  return { ...toy, data: { ...toy.data, batchTransforms } };
};

/** What one step is given. */
const batchOf = (what: RunSpec, epoch = 1, step = 2) => {
  const run = prepareRun(what);
  return run.source.batch(run.phases.at(-1)!.plan, epoch, step);
};

describe('a batch', () => {
  it('has mixed images, and probabilities for targets that go with them', async () => {
    const plain = await batchOf(spec([]));
    const { feeds, targets, images } = await batchOf(spec(mixing));
    expect(plain.targets.kind).toBe('index');
    expect(targets.kind).toBe('soft');
    const rows = feeds.targets!.data as Float32Array;
    expect(feeds.targets!.shape).toEqual([8, 2]);
    for (let row = 0; row < 8; row++) expect(rows[2 * row]! + rows[2 * row + 1]!).toBeCloseTo(1, 6);
    const [before, after] = [plain.images.image!.data, images.image!.data] as Float32Array[];
    // what both images of a pair add up to stays
    for (let i = 0; i < 16; i++) {
      expect(after![i]! + after![7 * 16 + i]!).toBeCloseTo(before![i]! + before![7 * 16 + i]!, 4);
    }
    expect(after).not.toEqual(before);
  });

  it('follows from seed, epoch and step alone', async () => {
    const at = async (epoch: number, step: number, seed = 7) => {
      const { feeds } = await batchOf(spec(either, { seed }), epoch, step);
      return [...feeds.image!.data, ...feeds.targets!.data].join();
    };
    expect(await at(1, 2)).toBe(await at(1, 2));
    expect(await at(1, 2)).not.toBe(await at(1, 1));
    expect(await at(1, 2)).not.toBe(await at(0, 2));
    expect(await at(1, 2)).not.toBe(await at(1, 2, 8));
  });

  it('shows every view the same mix', async () => {
    const distillers = [{ distiller: viewingDistiller, options: { p: 0 } }];
    const { feeds } = await batchOf(spec(either, { distillers }));
    const plain = await batchOf(spec([], { distillers }));
    const change = (name: string) => {
      const [mixed, before] = [feeds[name]!.data, plain.feeds[name]!.data];
      return [...mixed].map((value, i) => Number(Math.abs(value - before[i]!) > 1e-6)).join('');
    };
    expect(change('image')).toMatch(/1/);
    expect(feeds['view.mirrored.image']!.data).not.toEqual(plain.feeds['view.mirrored.image']!.data);
  });

  it('leaves several classes at once what they are, and no targets none', async () => {
    const data = toyDataset();
    const values = Float32Array.from({ length: 48 }, (_, i) => Number(i % 4 !== 1));
    const multiHot = { ...data, train: { ...data.train, targets: { kind: 'multi-hot', values } } } as const;
    const blind = { ...data, train: { ...data.train, targets: { kind: 'none' } } } as const;
    const given = spec(mixing, { task: { contribution: noTask, options: {} } });
    const of = (dataset: typeof data) => batchOf({ ...given, data: { ...given.data, dataset } });
    expect((await of(multiHot)).targets.kind).toBe('multi-hot');
    expect((await of(blind)).targets).toEqual({ kind: 'none' });
  });
});

describe('a run', () => {
  it.each([
    ['mixed batches', undefined],
    ['class-balanced samples', 'balanced'],
    ['weighted classes', { weights: [1, 3] }],
  ] as const)('with %s ends as if it had not been stopped', async (_, sampling) => {
    const mixed = spec(sampling === undefined ? either : []);
    const what: RunSpec = { ...mixed, data: { ...mixed.data, sampling } };
    const [whole, stopped] = [newFolder(), newFolder()];
    await train(what, { folder: whole });
    let done = 0;
    await expect(
      train(what, {
        folder: stopped,
        onEvent: (event) => {
          if (event.type === 'step') done = event.step;
        },
        stop: () => done >= 2,
      }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const copy = newFolder();
    cpSync(stopped, copy, { recursive: true });
    await train(what, { folder: copy, resume: true });
    expect(outcomeOf(copy)).toEqual(outcomeOf(whole));
  });

  it('is not resumed with other batch transforms', async () => {
    const folder = newFolder();
    let done = 0;
    const onEvent = ({ type }: { type: string }) => {
      if (type === 'step') done++;
    };
    await train(spec(mixing), { folder, onEvent, stop: () => done >= 1 }).catch(() => undefined);
    await expect(train(spec([]), { folder, resume: true })).rejects.toThrow('batchTransforms');
  });
});

describe('refused', () => {
  it('a cache of what a teacher says of single images, naming both', () => {
    const cached = cachedSpec(
      referenceBackend,
      { dir: join(root.path, 'cache') },
      { data: { batchTransforms: [{ contribution: cutmix, options: { alpha: 1, p: 1 } }] } },
    );
    expect(() => prepareRun(cached)).toThrow(
      "the cache of teacher keeps what it says of single images, but batch transform 'cutmix' mixes those of a batch anew in every step",
    );
  });

  it('a method that remembers samples', () => {
    const distillers = [{ distiller: rememberingDistiller, options: { count: 2, from: 'all' } }];
    expect(() => prepareRun(spec(mixing, { distillers }))).toThrow(
      "which sample an image is cannot be told: batch transform 'mixup' mixes the images of several",
    );
  });
});

it('a transform of a plugin is given the shapes of the run', () => {
  const seen: unknown[] = [];
  const looking: BatchTransform = {
    id: 'looking',
    description: 'looks',
    create(_, facts) {
      seen.push(facts);
      return () => undefined;
    },
  };
  prepareRun(spec([{ contribution: looking, options: {} }]));
  expect(seen).toEqual([{ batchSize: 8, imageShape: [1, 4, 4], classes: 2 }]);
});

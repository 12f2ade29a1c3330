import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@limbeck/formats';
import { tensorData } from '@limbeck/graph';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CachePrecision } from '../../run/teacher-spec.js';
import { temporaryFolder } from '../../testing/run-files.js';
import { type FillOptions, fillStore } from './fill.js';
import { type CacheLayout, layoutOf } from './layout.js';
import { checkSpace } from './space.js';
import { CacheStore, manifestName, type Place } from './store.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const sizes = [
  { path: 'stage1', shape: [2, 3, 2] },
  { path: 'embedding', shape: [5] },
  { path: 'logits', shape: [4] },
];

/** The value a made-up teacher gives; halves keep it exactly. */
const given = (path: string, draw: number, sample: number, i: number): number =>
  ((sample * 37 + draw * 101 + i * 13 + path.length * 7) % 97) / 8 - 3;

/** A made-up teacher that is asked about training samples. */
function source({ samples, batchSize }: { samples: number; batchSize: number }) {
  const asked: number[] = [];
  const ask: FillOptions['ask'] = async (draw, first, end) => {
    asked.push(first);
    const features = Object.fromEntries(
      sizes.map(({ path, shape }) => {
        const size = shape.reduce((a, b) => a * b);
        const values = Float32Array.from({ length: batchSize * size }, (_, at) => {
          const sample = first + Math.floor(at / size);
          return sample < end ? given(path, draw, sample, at % size) : Number.NaN;
        });
        return [path, tensorData('float32', [batchSize, ...shape], values)];
      }),
    );
    return { features, count: Math.min(batchSize, end - first, samples - first) };
  };
  return { ask, asked, progress: () => undefined, stop: () => false };
}

const storeOf = (layout: CacheLayout, { draws = 2, key = 'k'.repeat(32), path = folder.path } = {}) =>
  new CacheStore({ folder: path, key, identity: { teacher: 'made up' }, layout, draws });

const exact: CachePrecision = { dtype: 'float32', logits: {} };

/** A store of 23 samples in shards of a few, filled. */
async function filled({ draws = 2, key = 'k'.repeat(32), path = folder.path } = {}) {
  const store = storeOf(layoutOf(sizes, exact, 23, 6 * 84), { draws, key, path });
  await fillStore(store, store.missing(), source({ samples: 23, batchSize: 4 }));
  return store;
}

/** What a store lacks: what is not there, and what turns out damaged when it is read through. */
const missing = async (store: CacheStore) => {
  const rejected: string[] = [];
  const reject = (path: string, problem: string) =>
    rejected.push(`${path.slice(folder.path.length + 1)}: ${problem}`);
  const lacking = store.missing(reject);
  const isLacking = ({ draw, shard }: Place) =>
    lacking.some((place) => place.draw === draw && place.shard === shard);
  const places: Place[] = [];
  for (let draw = 0; draw < store.draws; draw++) {
    for (let shard = 0; shard < store.layout.shards; shard++) {
      const place = { draw, shard };
      const problem = isLacking(place) ? undefined : await store.problemOf(place);
      if (problem !== undefined) reject(store.path(place), problem);
      if (isLacking(place) || problem !== undefined) places.push(place);
    }
  }
  return { places, rejected: rejected.sort() };
};

describe('a store', () => {
  it('gives back what was put in, whatever the shapes, the element types and the order', async () => {
    const precision = fc.record({
      dtype: fc.oneof(
        fc.constantFrom('float32' as const, 'float16' as const),
        fc.record({
          vectors: fc.constant('float32' as const),
          maps: fc.constantFrom('float32' as const, 'float16' as const),
          logits: fc.constant('float16' as const),
        }),
      ),
    });
    const property = fc.asyncProperty(
      precision,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2000 }),
      fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      async (how, samples, batchSize, draws, largestShard, picks) => {
        const scratch = temporaryFolder();
        try {
          const layout = layoutOf(sizes, { ...exact, ...how }, samples, largestShard);
          const store = storeOf(layout, { draws, path: scratch.path });
          await fillStore(store, store.missing(), source({ samples, batchSize }));
          expect((await missing(store)).places).toEqual([]);
          const reader = store.reader(4);
          const indices = Int32Array.from(picks, (pick) => pick % samples);
          for (let draw = 0; draw < draws; draw++) {
            const read = reader.read(draw, indices);
            for (const { path, shape } of sizes) {
              const { data, shape: whole } = read.get(path)!;
              expect(whole).toEqual([4, ...shape]);
              const size = data.length / 4;
              data.forEach((value, at) => {
                const sample = indices[Math.floor(at / size)]!;
                expect(value).toBe(given(path, draw, sample, at % size));
              });
            }
          }
          reader.close();
        } finally {
          scratch.remove();
        }
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });

  it('is made of safetensors files that others read, and says what they are', async () => {
    const store = await filled();
    const { tensors, metadata } = readSafetensors(readFileSync(store.path({ draw: 1, shard: 3 })));
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
      ['stage1', [5, 2, 3, 2]],
      ['embedding', [5, 5]],
      ['logits', [5, 4]],
    ]);
    expect(metadata).toMatchObject({ format: 'limbeck.teacher-cache.1', draw: '1', first: '18' });
    expect(tensors.get('embedding')!.data[0]).toBe(given('embedding', 1, 18, 0));
    expect(JSON.parse(readFileSync(join(folder.path, manifestName), 'utf8'))).toMatchObject({
      identity: { teacher: 'made up' },
      features: { logits: { shape: [4], kept: 'float32' } },
      samples: 23,
      samplesPerShard: 6,
      recordBytes: 84,
    });
  });

  it('notices any byte that changed, and computes that shard alone again', async () => {
    const store = await filled();
    const whole = new Map(
      readdirSync(folder.path).map((name) => [name, readFileSync(join(folder.path, name))]),
    );
    const places = fc.tuple(fc.nat(1), fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }));
    const property = fc.asyncProperty(places, async ([draw, shard, at, flip]) => {
      const path = store.path({ draw, shard });
      const bytes = readFileSync(path);
      bytes[at % bytes.length]! ^= flip;
      writeFileSync(path, bytes);
      const found = await missing(store);
      expect(found.places).toEqual([{ draw, shard }]);
      expect(found.rejected).toHaveLength(1);
      const again = source({ samples: 23, batchSize: 4 });
      await fillStore(store, found.places, again);
      expect(again.asked[0]).toBe(shard * 6);
      for (const [name, content] of whole) expect(readFileSync(join(folder.path, name))).toEqual(content);
    });
    await fc.assert(property, { numRuns: 20 });
  });

  it('trusts no shard that is cut short, longer, of another cache or of another place', async () => {
    const other = temporaryFolder();
    const foreign = await filled({ key: 'o'.repeat(32), path: other.path });
    const store = await filled();
    truncateSync(store.path({ draw: 0, shard: 0 }), 100);
    appendFileSync(store.path({ draw: 0, shard: 1 }), 'x');
    copyFileSync(foreign.path({ draw: 0, shard: 2 }), store.path({ draw: 0, shard: 2 }));
    copyFileSync(store.path({ draw: 1, shard: 0 }), store.path({ draw: 1, shard: 1 }));
    writeFileSync(store.path({ draw: 1, shard: 3 }), '');
    const { places, rejected } = await missing(store);
    expect(places).toEqual([
      { draw: 0, shard: 0 },
      { draw: 0, shard: 1 },
      { draw: 0, shard: 2 },
      { draw: 1, shard: 1 },
      { draw: 1, shard: 3 },
    ]);
    expect(rejected).toEqual([
      expect.stringMatching(/^draw-0000-00000\.safetensors: it has 100 bytes, \d+ belong there$/),
      expect.stringMatching(/^draw-0000-00001\.safetensors: it has \d+ bytes, \d+ belong there$/),
      'draw-0000-00002.safetensors: it is no part of this cache',
      'draw-0001-00001.safetensors: it is no part of this cache',
      expect.stringMatching(/^draw-0001-00003\.safetensors: it has 0 bytes/),
    ]);
    other.remove();
  });

  it('goes on after an interruption at the first shard that is not whole', async () => {
    const store = storeOf(layoutOf(sizes, exact, 23, 6 * 84));
    const first = source({ samples: 23, batchSize: 4 });
    let batches = 0;
    const stop = () => ++batches === 4;
    await expect(fillStore(store, store.missing(), { ...first, stop })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    // 16 samples were seen: two shards of six are whole
    const { places, rejected } = await missing(store);
    expect(rejected).toEqual([]);
    expect(places).toHaveLength(6);
    expect(store.bytesOf(places)).toBe(store.bytes - 12 * 84);
    const second = source({ samples: 23, batchSize: 4 });
    await fillStore(store, places, second);
    expect(second.asked).toEqual([12, 16, 20, 0, 4, 8, 12, 16, 20]);
    expect((await missing(store)).places).toEqual([]);
  });

  it('keeps what it has where more draws are asked for, and lets remains of a killed process go', async () => {
    await filled({ draws: 1 });
    writeFileSync(join(folder.path, 'draw-0001-00000.safetensors.partial'), 'torn');
    const more = storeOf(layoutOf(sizes, exact, 23, 6 * 84), { draws: 3 });
    const { places } = await missing(more);
    expect(places.map(({ draw }) => draw)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    await fillStore(more, places.slice(1), source({ samples: 23, batchSize: 4 }));
    expect(existsSync(join(folder.path, 'draw-0001-00000.safetensors.partial'))).toBe(false);
  });
});

describe('a store refuses', () => {
  it('values that are none, or beyond the element type', async () => {
    const layout = layoutOf([{ path: 'embedding', shape: [1] }], { dtype: 'float16', logits: {} }, 4);
    const fill = (values: number[]) => {
      const store = storeOf(layout);
      const features = { embedding: tensorData('float32', [4, 1], Float32Array.from(values)) };
      const ask = async () => ({ features, count: 4 });
      return fillStore(store, store.missing(), { ...source({ samples: 4, batchSize: 4 }), ask });
    };
    await expect(fill([1, 2, Number.NaN, 4])).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: "the teacher's 'embedding' of training sample 2 has the value NaN",
    });
    await expect(fill([1, 70_000, 3, 4])).rejects.toMatchObject({
      code: 'PRECONDITION',
      message:
        "the teacher's 'embedding' of training sample 1 has the value 70000, which float16 cannot keep",
    });
  });

  it.each([0, 4, 1.5])('to keep the top %d of 4 logits', (top) => {
    expect(() => layoutOf(sizes, { ...exact, logits: { top } }, 10)).toThrow(
      `the cache shall keep the top ${top} of 4 logits`,
    );
  });

  it('to begin where the disk is too small', () => {
    expect(() => checkSpace(folder.path, 5e9, 2e9)).toThrow(
      expect.objectContaining({
        code: 'WRITE_FAILED',
        message: `the teacher's cache in ${folder.path} needs 5.00 GB more, the disk has 2.00 GB left`,
      }),
    );
    expect(() => checkSpace(join(folder.path, 'not', 'there'), 1)).not.toThrow();
  });

  it('to write where it may not, naming the folder of caches and its key', () => {
    writeFileSync(join(folder.path, 'caches'), 'a file');
    const caches = join(folder.path, 'caches');
    const store = storeOf(layoutOf(sizes, exact, 23), { path: join(caches, 'k'.repeat(32)) });
    expect(() => store.prepare()).toThrow(
      expect.objectContaining({
        code: 'WRITE_FAILED',
        message: expect.stringContaining(`${caches} is a file`),
        hint: `choose another folder than ${caches} with teacher.cache.dir`,
      }),
    );
  });

  it('to read what is gone', async () => {
    const store = await filled();
    const reader = store.reader(1);
    truncateSync(store.path({ draw: 0, shard: 3 }), 300);
    expect(() => reader.read(0, Int32Array.of(22))).toThrow(
      expect.objectContaining({ code: 'BAD_FILE', message: expect.stringContaining('it ends too early') }),
    );
    reader.close();
  });
});

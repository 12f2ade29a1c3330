import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { defineDistiller } from '@limbeck/core';
import { mean, square, sub, type Tensor } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockName } from '../files/lock.js';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherCacheSpec, TeacherSpec } from '../run/teacher-spec.js';
import { cachedSpec, type SpecChanges } from '../testing/cached-spec.js';
import { recordRun } from '../testing/record-run.js';
import { roundingBackend } from '../testing/rounding-backend.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toyTeacherWeights } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import type { TrainOptions } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const caches = () => join(root.path, 'caches');

const spec = (cache: Partial<TeacherCacheSpec> | undefined, changes: SpecChanges = {}): RunSpec =>
  cachedSpec(referenceBackend, cache && { dir: caches(), ...cache }, changes);

async function run(what: RunSpec, name: string, options: Partial<TrainOptions> = {}) {
  const { error, events, of, folder } = await recordRun(what, { folder: join(root.path, name), ...options });
  const outcome = () => outcomeOf(folder);
  return { error, events, of, outcome, compiled: of('compiled').map(({ program }) => program) };
}

const live = () => run(spec(undefined, { data: { views: 2 } }), 'live');

/** Weights of the trained student. */
const lossesOf = ({ of }: Awaited<ReturnType<typeof run>>) => of('step').map(({ losses }) => losses.total!);

describe('training from the cache', () => {
  it('equals training with the live teacher over the same draws, bit for bit', async () => {
    const asked = await live();
    const first = await run(spec({}), 'first');
    expect(first.error).toBeUndefined();
    expect(first.outcome()).toEqual(asked.outcome());
    const again = await run(spec({}), 'again');
    expect(again.outcome()).toEqual(asked.outcome());
    expect(again.of('cache-fill')).toEqual([]);
    const other = await run(spec(undefined), 'draws-of-its-own');
    expect(other.outcome().student).not.toBe(asked.outcome().student);
  });

  it.each([
    ['float16', { dtype: 'float16' }, 1e-3],
    ['int8', { dtype: 'int8' }, 2e-2],
    ['int8 for vectors alone', { dtype: { maps: 'float32', vectors: 'int8', logits: 'float32' } }, 2e-2],
  ] as const)('%s keeps the losses within what it rounds', async (name, how, tolerance) => {
    const asked = await live();
    const cached = await run(spec(how), 'cached');
    expect(cached.error, name).toBeUndefined();
    const [exact, rounded] = [lossesOf(asked), lossesOf(cached)];
    expect(rounded).toHaveLength(15);
    expect(rounded).not.toEqual(exact);
    rounded.forEach((loss, i) => {
      expect(Math.abs(loss - exact[i]!)).toBeLessThan(tolerance * (1 + Math.abs(exact[i]!)));
    });
  });

  it('the top of two logits and the sum of the rest are all there is', async () => {
    const asked = await live();
    const cached = await run(spec({ logits: { top: 1 } }), 'cached');
    const [exact, read] = [lossesOf(asked), lossesOf(cached)];
    read.forEach((loss, i) => {
      expect(loss).toBeCloseTo(exact[i]!, 4);
    });
    expect(cached.of('cache')[0]!.features).toEqual({ embedding: 'float32', logits: 'float32, top 1 of 2' });
  });

  it('says what it holds before it writes, and when it is done', async () => {
    const { events, of } = await run(spec({}), 'run');
    const types = events.map(({ type }) => type);
    expect(types.slice(0, 6)).toEqual(['start', 'cache', 'compiled', 'compiled', 'compiled', 'teacher']);
    expect(types.slice(6, 16)).toEqual([
      ...Array.from({ length: 8 }, () => 'cache-fill'),
      'cache-filled',
      'step',
    ]);
    // four values of the embedding and two logits, 27 samples, two draws
    const bytes = 6 * 4 * 27 * 2;
    const facts = { teacher: 'teacher', views: 2, samples: 27, bytes, missingBytes: bytes };
    expect(of('cache')).toEqual([
      {
        type: 'cache',
        ...facts,
        folder: expect.any(String),
        features: { embedding: 'float32', logits: 'float32' },
      },
    ]);
    expect(of('cache-filled')).toMatchObject([{ records: 54, bytes }]);
    expect(of('cache-fill').map(({ done, total }) => [done, total])).toEqual([
      ...[8, 16, 24, 27].map((done) => [done, 54]),
      ...[35, 43, 51, 54].map((done) => [done, 54]),
    ]);
    const log = readFileSync(join(root.path, 'run', 'run.log'), 'utf8');
    expect(log).toContain(
      'cache of teacher: miss, 1296 bytes to be written; 1296 bytes: 2 views of 27 samples',
    );
    expect(log).toContain('cache of teacher: 54 records, 1296 bytes written in');
  });

  it('adds to a cache where more draws are asked for', async () => {
    await run(spec({ views: 1 }), 'one');
    const { of, error } = await run(spec({ views: 3 }), 'three');
    expect(error).toBeUndefined();
    expect(of('cache')).toMatchObject([{ bytes: 24 * 27 * 3, missingBytes: 24 * 27 * 2 }]);
    expect(of('cache-filled')).toMatchObject([{ records: 54 }]);
  });

  it('needs one draw where nothing is augmented', async () => {
    const plain = { data: { augment: [] } };
    const asked = await run(spec(undefined, plain), 'asked');
    const cached = await run(spec({ views: undefined }, plain), 'cached');
    expect(cached.outcome()).toEqual(asked.outcome());
    expect(cached.of('cache')).toMatchObject([{ views: 1 }]);
    expect((await run(spec({ views: 7 }, plain), 'seven')).of('cache')).toMatchObject([
      { views: 1, missingBytes: 0 },
    ]);
  });
});

describe('a cache that is stopped or damaged', () => {
  it('goes on where it was stopped', async () => {
    const asked = await live();
    let batches = 0;
    const stopped = await run(spec({}), 'run', { stop: () => ++batches === 9 });
    expect(stopped.error).toMatchObject({ code: 'INTERRUPTED' });
    expect(stopped.of('cache-fill').length).toBeGreaterThan(3);
    expect(stopped.of('step')).toEqual([]);
    const resumed = await run(spec({}), 'run', { resume: true });
    expect(resumed.error).toBeUndefined();
    expect(resumed.of('cache-fill').length).toBeLessThan(8);
    expect(resumed.outcome()).toEqual(asked.outcome());
  });

  it('needs no teacher once it is complete and the teacher is known', async () => {
    const asked = await live();
    const whole = await run(spec({}), 'run', { stop: stopAfterSteps(3) });
    expect(whole.error).toMatchObject({ code: 'INTERRUPTED' });
    const resumed = await run(spec({}), 'run', { resume: true });
    expect(resumed.compiled).toEqual(['student', 'deployed']);
    expect(resumed.outcome()).toEqual(asked.outcome());
  });

  it('computes again what was changed on the disk, and says so', async () => {
    const asked = await live();
    await run(spec({}), 'first');
    const [folder] = readdirSync(caches());
    const shard = join(caches(), folder!, 'draw-0001-00000.safetensors');
    const bytes = readFileSync(shard);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(shard, bytes);
    const { of, outcome } = await run(spec({}), 'second');
    expect(of('warning')).toMatchObject([
      {
        code: 'BAD_FILE',
        message: `${shard} of the teacher's cache cannot be used: its content is not what was written (SHA-256)`,
        hint: 'it is computed again',
      },
    ]);
    expect(of('cache-filled')).toMatchObject([{ records: 27 }]);
    expect(outcome()).toEqual(asked.outcome());
  });

  it('reads a shard through before its first use and not before training, and computes it again then', async () => {
    const asked = await live();
    await run(spec({}), 'run', { stop: stopAfterSteps(1) });
    const [folder] = readdirSync(caches());
    const shard = join(caches(), folder!, 'draw-0001-00000.safetensors');
    const bytes = readFileSync(shard);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(shard, bytes);
    const { events, of, outcome, compiled } = await run(spec({}), 'run', { resume: true });
    expect(of('cache')).toMatchObject([{ missingBytes: 0 }]);
    expect(compiled).toEqual(['student', 'deployed', 'teacher']);
    const types = events.map(({ type }) => type);
    const warned = types.indexOf('warning');
    // the second draw is that of the second epoch
    expect(types.slice(0, warned).filter((type) => type === 'epoch')).toHaveLength(1);
    expect(types.slice(warned, warned + 7)).toEqual([
      ...['warning', 'compiled'],
      ...Array.from({ length: 4 }, () => 'cache-fill'),
      'cache-filled',
    ]);
    expect(outcome()).toEqual(asked.outcome());
    expect(readFileSync(shard)).not.toEqual(bytes);
  });

  it('lets draws alone that a run does not use', async () => {
    await run(spec({}), 'first');
    const [folder] = readdirSync(caches());
    const shard = join(caches(), folder!, 'draw-0001-00000.safetensors');
    const bytes = readFileSync(shard);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(shard, bytes);
    const { of, error } = await run(spec({}, { epochs: 1 }), 'second');
    expect(error).toBeUndefined();
    expect(of('warning')).toEqual([]);
    expect(readFileSync(shard)).toEqual(bytes);
  });

  it('can be stopped while it is read through', async () => {
    const asked = await live();
    await run(spec({}), 'run', { stop: stopAfterSteps(1) });
    const checked = await run(spec({}), 'run', { resume: true, stop: () => true });
    expect(checked.error).toMatchObject({ code: 'INTERRUPTED' });
    expect(checked.of('step')).toEqual([]);
    const resumed = await run(spec({}), 'run', { resume: true });
    expect(resumed.outcome()).toEqual(asked.outcome());
  });

  it('waits for another process that fills it, and uses what that wrote', async () => {
    await run(spec({}), 'first');
    const [name] = readdirSync(caches());
    const folder = join(caches(), name!);
    const shard = join(folder, 'draw-0001-00000.safetensors');
    const content = readFileSync(shard);
    writeFileSync(shard, 'not yet');
    const lock = join(folder, lockName);
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname() }));
    setTimeout(() => {
      writeFileSync(shard, content);
      writeFileSync(lock, '');
    }, 200);
    const { of, error } = await run(spec({}), 'second');
    expect(error).toBeUndefined();
    expect(of('warning')[1]!.message).toMatch(/is working in .*: waiting until the cache is filled$/);
    expect(of('cache-filled')).toMatchObject([{ records: 0 }]);
    expect(existsSync(lock)).toBe(false);
  });
});

/** Stops once so many steps of the first epoch are done; the examination, the filling and the check ask before. */
function stopAfterSteps(steps: number): () => boolean {
  let asked = 0;
  // 3 batches of test images, 8 batches of the cache, one shard that is read through
  return () => ++asked >= 12 + steps;
}

describe('further views of the batch', () => {
  /** Asks for the batch itself and for two views, one of them changed further; another feature of each. */
  const viewed = defineDistiller({
    id: 'viewed',
    description: 'squared distances on three pictures of the same images',
    build: ({ student, teacher, view }) => {
      const distance = (a: Tensor, b: Tensor) => ({ weight: 1, value: mean(square(sub(a, b))) });
      const [again, turned] = [
        view('again', { augment: [] }),
        view('turned', { augment: [{ use: 'flip', p: 0.5 }] }),
      ];
      return {
        losses: {
          own: distance(student.logits, teacher.logits),
          again: distance(again.student.logits, again.teacher.logits),
          turned: distance(turned.student.logits, turned.teacher.logits),
          embedding: distance(mean(turned.student.embedding), mean(turned.teacher.embedding)),
        },
      };
    },
  });
  const distillers = [{ distiller: viewed, options: {} }];

  it('are read back bit for bit as the live teacher sees them over the same draws', async () => {
    const asked = await run(spec(undefined, { distillers, data: { views: 2 } }), 'asked');
    expect(asked.error).toBeUndefined();
    const cached = await run(spec({}, { distillers }), 'cached');
    expect(cached.error).toBeUndefined();
    expect(cached.outcome()).toEqual(asked.outcome());
    expect(cached.of('cache')[0]!.features).toEqual({
      logits: 'float32',
      'view.again.logits': 'float32',
      'view.turned.logits': 'float32',
      'view.turned.embedding': 'float32',
    });
    const again = await run(spec({}, { distillers }), 'again');
    expect(again.of('cache-fill')).toEqual([]);
    expect(again.outcome()).toEqual(asked.outcome());
  });

  it('may be all that is needed of the teacher', async () => {
    const other = defineDistiller({
      id: 'other',
      description: 'squared distance on another draw',
      build: ({ view }) => {
        const { student, teacher } = view('again', { augment: [] });
        return { losses: { again: { weight: 1, value: mean(square(sub(student.logits, teacher.logits))) } } };
      },
    });
    const alone = { distillers: [{ distiller: other, options: {} }] };
    const asked = await run(spec(undefined, { ...alone, data: { views: 2 } }), 'asked');
    const cached = await run(spec({}, alone), 'cached');
    expect(cached.error).toBeUndefined();
    expect(cached.outcome()).toEqual(asked.outcome());
  });
});

describe('several teachers', () => {
  it('have a cache each', async () => {
    const [sole] = toySpec(referenceBackend).teachers as [TeacherSpec];
    const doubled = new Map(toyTeacherWeights().tensors);
    const fc = doubled.get('fc.weight')!;
    doubled.set('fc.weight', { ...fc, data: (fc.data as Float32Array).map((x) => 2 * x) } as typeof fc);
    const changed = { source: 'other.safetensors', tensors: doubled };
    const both = (cache?: TeacherCacheSpec): RunSpec => {
      const toy = spec(undefined, { data: { views: 2 } });
      const [{ distiller, options }] = toy.distillers as [RunSpec['distillers'][number]];
      const kept = cache === undefined ? {} : { cache };
      return {
        ...toy,
        teachers: [
          { ...sole, name: 'a', ...kept },
          { ...sole, name: 'b', weights: changed, ...kept },
        ],
        distillers: [
          { distiller, options },
          { distiller, options, teacher: 'b' },
        ],
      };
    };
    const asked = await run(both(), 'asked');
    const cached = await run(both({ dir: caches(), dtype: 'float32', logits: {} }), 'cached');
    expect(cached.error).toBeUndefined();
    expect(cached.outcome()).toEqual(asked.outcome());
    expect(readdirSync(caches())).toHaveLength(2);
    expect(cached.of('cache').map(({ teacher }) => teacher)).toEqual(['a', 'b']);
  });
});

describe('a teacher in int8', () => {
  it('is compared with itself before its answers are kept, and also where they are kept already', async () => {
    const teacher = {
      placement: { backend: roundingBackend(referenceBackend, 100), precision: 'int8' },
    } as const;
    const first = await run(spec({}, { teacher }), 'first');
    expect(first.error).toBeUndefined();
    expect(first.of('fidelity')).toHaveLength(1);
    const again = await run(spec({}, { teacher }), 'again');
    expect(again.of('fidelity')).toHaveLength(1);
    expect(again.of('cache-fill')).toEqual([]);
    expect(again.outcome()).toEqual(first.outcome());
    const asked = await run(spec(undefined, { teacher, data: { views: 2 } }), 'asked');
    expect(asked.outcome().student).toBe(first.outcome().student);
  });
});

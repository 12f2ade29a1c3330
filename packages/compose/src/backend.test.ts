import { definePlugin } from '@limbeck/core';
import type { ComputeBackend, Offer } from '@limbeck/core/backend';
import { createHost, type Host } from '@limbeck/core/host';
import { referenceBackend } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { place, placeForeign } from './backend.js';

const backend = (
  id: string,
  offer?: ComputeBackend['offer'],
  more: Partial<ComputeBackend> = {},
): ComputeBackend => ({
  ...referenceBackend,
  id,
  offer,
  ...more,
});

const hostOf = (...backends: ComputeBackend[]): Promise<Host> =>
  createHost({
    plugins: [
      {
        plugin: definePlugin({
          name: 'backends',
          api: 1,
          setup: (host) => {
            for (const one of backends) host.backends.add(one);
          },
        }),
        origin: 'test',
      },
    ],
  });

const offers =
  (training: number, inference = training): NonNullable<ComputeBackend['offer']> =>
  async ({ role }): Promise<Offer> => ({
    available: true,
    device: 'cpu',
    rank: role === 'training' ? training : inference,
  });

const refuses = (reason: string) => async (): Promise<Offer> => ({ available: false, reason });

const auto = { use: 'auto', precision: 'float32' } as const;

test('auto takes the backend of the lowest rank, for training and for a frozen model', async () => {
  const host = await hostOf(backend('a', offers(20, 10)), backend('b', offers(10, 20)));
  expect((await place(auto, host, 'training')).backend.id).toBe('b');
  expect(await place(auto, host, 'inference')).toMatchObject({ backend: { id: 'a' }, device: 'cpu' });
});

test('a backend that says nothing about itself comes last, one that cannot run not at all', async () => {
  const host = await hostOf(
    backend('silent'),
    backend('broken', refuses('gone')),
    backend('good', offers(500)),
  );
  expect((await place(auto, host, 'training')).backend.id).toBe('good');
  const without = await hostOf(backend('broken', refuses('gone')), backend('silent'));
  expect((await place(auto, without, 'training')).backend.id).toBe('silent');
});

test('where none works, every reason is said', async () => {
  const host = await hostOf(backend('a', refuses('not installed')), backend('silent'));
  await expect(place({ ...auto, precision: 'bfloat16' }, host, 'training')).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: 'no backend works here in bfloat16: a: not installed; silent: no bfloat16',
  });
});

test('nothing is asked where there is one backend only, or one is named', async () => {
  const asked = () => Promise.reject(new Error('asked'));
  const alone = await hostOf(backend('a', asked));
  expect((await place(auto, alone, 'training')).backend.id).toBe('a');
  const two = await hostOf(backend('a', asked), backend('b', asked));
  expect((await place({ ...auto, use: 'b' }, two, 'training')).backend.id).toBe('b');
});

test('a model file goes to a backend that loads such files', async () => {
  const load = () => Promise.reject(new Error('loaded'));
  const host = await hostOf(backend('fast', offers(1)), backend('loader', offers(9), { load }));
  expect((await placeForeign({ ...auto, use: 'fast' }, host)).backend.id).toBe('loader');
  expect((await placeForeign(auto, host)).backend.id).toBe('loader');
  const none = await hostOf(backend('fast', offers(1)), backend('other', offers(2)));
  await expect(placeForeign(auto, none)).rejects.toMatchObject({ code: 'BACKEND_UNSUPPORTED' });
});

test('options beside the id are checked by the backend and handed over with it', async () => {
  const options = z.strictObject({ spin: z.boolean().default(false), level: z.int().default(2) });
  const host = await hostOf(backend('tuned', undefined, { options }), backend('plain'));
  const where = { use: 'tuned', precision: 'float32', options: { spin: true } } as const;
  expect(await place(where, host, 'training')).toMatchObject({
    backend: { id: 'tuned' },
    options: { spin: true, level: 2 },
  });
  await expect(place({ ...where, options: { spni: true } }, host, 'training')).rejects.toMatchObject({
    code: 'UNKNOWN_OPTION',
    message: expect.stringContaining("'spni'"),
  });
  await expect(place({ ...where, use: 'plain' }, host, 'training')).rejects.toMatchObject({
    code: 'UNKNOWN_OPTION',
  });
  await expect(place({ ...where, use: 'auto' }, host, 'training')).rejects.toMatchObject({
    code: 'UNKNOWN_OPTION',
    message: "backend.spin: 'auto' takes no options",
  });
});

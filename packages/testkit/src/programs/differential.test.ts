import type { ComputeBackend } from '@limbeck/core/backend';
import { composites, type PrimitiveOperation, primitives } from '@limbeck/graph';
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../reference-backend.js';
import { checkRandomProgram, isPossible } from './differential.js';
import { possibleResults } from './envelope.js';
import { randomProgram } from './random-program.js';
import { drawSteps } from './steps.js';

const operations = [...Object.values(primitives), ...Object.values(composites)];
const seeds = Array.from({ length: 30 }, (_, seed) => seed);

/** The reference, with every element of every output changed. */
const changed = (change: (value: number) => number): ComputeBackend => ({
  ...referenceBackend,
  async compile(program, options) {
    const executable = await referenceBackend.compile(program, options);
    return {
      ...executable,
      async step(inputs) {
        const outputs = await executable.step(inputs);
        for (const { data, dtype } of Object.values(outputs))
          if (dtype === 'float32') for (let i = 0; i < data.length; i++) data[i] = change(data[i]!);
        return outputs;
      },
    };
  },
});

async function differing(backend: ComputeBackend): Promise<number> {
  let count = 0;
  for (const seed of seeds) {
    const { status } = await checkRandomProgram(backend, drawSteps(seed), { operations });
    if (status === 'differed') count++;
  }
  return count;
}

describe('random programs', () => {
  test('are the same for a seed, and reach every operation that has samples', () => {
    expect(drawSteps(7)).toEqual(drawSteps(7));
    const reached = new Set(
      Array.from({ length: 3000 }, (_, seed) => drawSteps(seed)).flatMap((steps) =>
        steps.map(({ operation }) => operations[operation % operations.length]!.name),
      ),
    );
    expect([...reached].sort()).toEqual(operations.map(({ name }) => name).sort());
    expect((operations as readonly PrimitiveOperation[]).every(({ samples }) => samples.length > 0)).toBe(
      true,
    );
  });

  test('leave a backend no choice about most elements', () => {
    const elements = seeds.flatMap((seed) =>
      [...possibleResults(randomProgram(drawSteps(seed), operations)).outputs.values()].flat(),
    );
    expect(elements.filter(({ settled }) => settled).length).toBeGreaterThan(0.8 * elements.length);
  });

  test('agree with the reference itself, and find a backend that loses NaN, infinity or a ten-thousandth', {
    timeout: 60_000,
  }, async () => {
    expect(await differing(referenceBackend)).toBe(0);
    expect(await differing(changed((x) => (Number.isNaN(x) ? 0 : x)))).toBeGreaterThan(2);
    expect(await differing(changed((x) => (Math.abs(x) === Infinity ? 3e38 : x)))).toBeGreaterThan(1);
    expect(await differing(changed((x) => x * 1.0001))).toBeGreaterThan(12);
  });
});

describe('random programs that train', () => {
  const kinds = ['gradients', 'training'] as const;
  const few = seeds.slice(0, 12);
  const statuses = async (backend: ComputeBackend, kind: (typeof kinds)[number]) =>
    Promise.all(
      few.map(
        async (seed) => (await checkRandomProgram(backend, drawSteps(seed), { operations, kind })).status,
      ),
    );

  test('have gradients, or state that changes', () => {
    const programs = (kind: (typeof kinds)[number]) =>
      few.map((seed) => randomProgram(drawSteps(seed), operations, kind).program);
    const gradients = programs('gradients').flatMap(({ outputs }) => [...outputs.keys()]);
    expect(gradients.filter((name) => name.startsWith('d.')).length).toBeGreaterThan(few.length);
    const changing = programs('training').flatMap(({ state }) =>
      state.filter((slot) => slot.next !== slot.current),
    );
    expect(changing.length).toBeGreaterThan(few.length / 2);
  });

  test('agree with the reference itself, and find a backend that forgets its state', async () => {
    for (const kind of kinds)
      expect(new Set(await statuses(referenceBackend, kind))).toEqual(new Set(['agreed']));
    const forgetful: ComputeBackend = {
      ...referenceBackend,
      async compile(program, options) {
        const executable = await referenceBackend.compile(program, options);
        return { ...executable, readState: async () => options?.state ?? new Map() };
      },
    };
    const found = await statuses(forgetful, 'training');
    expect(found.filter((status) => status === 'differed').length).toBeGreaterThan(few.length / 4);
  });
});

test('an element is possible within what the runs span', () => {
  const exactly = (value: number) => ({ least: value, most: value, nan: false, settled: true });
  const strict = { regrouped: false };
  expect(isPossible(1, exactly(1), strict)).toBe(true);
  expect(isPossible(1.0001, exactly(1), strict)).toBe(false);
  expect(isPossible(Number.NaN, exactly(Infinity), strict)).toBe(false);
  expect(isPossible(Number.NaN, exactly(Infinity), { regrouped: true })).toBe(true);
  expect(isPossible(5, { ...exactly(1), settled: false }, strict)).toBe(true);
});

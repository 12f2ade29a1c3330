import type { Capabilities, ComputeBackend, Executable } from '@limbeck/core/backend';
import { composite, mul, type Tensor } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../reference-backend.js';
import { backendConformance, type ConformanceOptions } from './conformance.js';

/** The reference backend with something broken. */
const broken = (change: (executable: Executable) => Partial<Executable>): ComputeBackend => ({
  ...referenceBackend,
  id: 'broken',
  async compile(program, options) {
    const executable = await referenceBackend.compile(program, options);
    return { ...executable, ...change(executable) };
  },
});

async function failuresOf(
  backend: ComputeBackend,
  under: string,
  options?: ConformanceOptions,
): Promise<string[]> {
  const failures: string[] = [];
  for (const { name, run } of backendConformance(backend, options)) {
    if (!name.startsWith(under)) continue;
    const result = await run();
    if (result.status === 'failed') failures.push(`${name}: ${result.message}`);
  }
  return failures;
}

describe('backendConformance notices a backend that', () => {
  it('computes something else', async () => {
    const backend = broken(({ step }) => ({
      async step(inputs) {
        const outputs = await step(inputs);
        for (const { data } of Object.values(outputs)) data[0] = data[0]! + 0.001;
        return outputs;
      },
    }));
    const [failure] = await failuresOf(backend, 'forward/exp/1');
    expect(failure).toMatch(
      /forward\/exp\/1: output 'y': element 0 is [\d.]+, expected [\d.]+ \(relative deviation/,
    );
    expect(await failuresOf(backend, 'gradient/exp/1')).toHaveLength(1);
  });

  it('gives NaN', async () => {
    const backend = broken(({ step }) => ({
      async step(inputs) {
        const outputs = await step(inputs);
        for (const { data } of Object.values(outputs)) data[0] = Number.NaN;
        return outputs;
      },
    }));
    expect(await failuresOf(backend, 'forward/exp/1')).toHaveLength(1);
  });

  it('forgets an output or gives it another shape', async () => {
    const forgetful = broken(() => ({ step: () => Promise.resolve({}) }));
    expect(await failuresOf(forgetful, 'forward/exp/0')).toEqual(["forward/exp/0: output 'y' is missing"]);
    const flat = broken(({ step }) => ({
      step: async (inputs) =>
        Object.fromEntries(
          Object.entries(await step(inputs)).map(([name, t]) => [name, { ...t, shape: [t.data.length] }]),
        ),
    }));
    expect(await failuresOf(flat, 'forward/matmul/0')).toEqual([
      "forward/matmul/0: output 'y' is float32 [15], expected float32 [3, 5]",
    ]);
  });

  it('never updates its state', async () => {
    const backend = broken((executable) => ({
      async step(inputs) {
        const before = await executable.readState();
        const outputs = await executable.step(inputs);
        await executable.writeState(before);
        return outputs;
      },
    }));
    const failures = await failuresOf(backend, 'state/');
    expect(failures.map((failure) => failure.split(':')[0])).toEqual(
      expect.arrayContaining([
        'state/follows the updates of five steps',
        'state/all slots change at once, outputs see the values before',
      ]),
    );
  });

  it('accepts anything', async () => {
    const backend = broken(({ dispose }) => ({
      step: () => Promise.resolve({}),
      writeState: () => Promise.resolve(),
      dispose,
    }));
    const failures = await failuresOf(backend, 'errors/');
    expect(failures).toContain("errors/a missing input is named: a step without input 'y' is accepted");
    expect(failures.length).toBeGreaterThanOrEqual(5);
    expect(await failuresOf(backend, 'dispose/')).toHaveLength(1);
  });

  it('refuses with an error of another kind, or without a name', async () => {
    const backend = broken(() => ({ step: () => Promise.reject(new TypeError('boom')) }));
    const [failure] = await failuresOf(backend, 'errors/a missing input');
    expect(failure).toContain('refused, but not with a LimbeckError');
  });

  it('cannot compile', async () => {
    const backend: ComputeBackend = {
      ...referenceBackend,
      compile: () => Promise.reject(new Error('no Erf here')),
    };
    expect(await failuresOf(backend, 'forward/erf/0')).toEqual(['forward/erf/0: no Erf here']);
  });
});

describe('backendConformance', () => {
  const absent: ComputeBackend = {
    ...referenceBackend,
    id: 'absent',
    capabilities: () => Promise.resolve({ available: false, reason: 'not installed' }),
  };

  it('skips what an unavailable backend cannot show, unless it is required', async () => {
    const [skipped] = backendConformance(absent);
    expect(await skipped!.run()).toEqual({ status: 'skipped', reason: 'not installed' });
    const [failed] = backendConformance(absent, { required: true });
    expect(await failed!.run()).toEqual({
      status: 'failed',
      message: "backend 'absent' is required here: not installed",
    });
  });

  it('tells a missing device or precision from a missing backend', async () => {
    const partly: ComputeBackend = {
      ...referenceBackend,
      capabilities: async () => ({
        ...((await referenceBackend.capabilities()) as { readonly available: true } & Capabilities),
        unavailable: { webgpu: 'no adapter' },
      }),
    };
    const [onGpu] = backendConformance(partly, { compile: { device: 'webgpu' } });
    expect(await onGpu!.run()).toEqual({ status: 'skipped', reason: 'no adapter' });
    const [half] = backendConformance(partly, { compile: { precision: 'bfloat16' }, required: true });
    expect(await half!.run()).toEqual({
      status: 'failed',
      message: "backend 'reference' is required here: no bfloat16 here",
    });
  });

  it('runs the cases asked for alone', () => {
    const cases = backendConformance(referenceBackend, { only: /^state\// });
    expect(cases.length).toBeGreaterThan(3);
    expect(cases.every(({ name }) => name.startsWith('state/'))).toBe(true);
  });

  it('skips by name with a reason, and refuses skips that match nothing', async () => {
    const cases = backendConformance(referenceBackend, {
      skip: { 'gradient/erf': 'no Erf', 'forward/erfc': 'no such operation' },
    });
    const byName = new Map(cases.map((item) => [item.name, item]));
    expect(await byName.get('gradient/erf/0')!.run()).toEqual({ status: 'skipped', reason: 'no Erf' });
    expect((await byName.get('forward/erf/0')!.run()).status).toBe('passed');
    expect(await byName.get('skip/forward/erfc')!.run()).toEqual({
      status: 'failed',
      message: "there is no case 'forward/erfc' to skip",
    });
  });

  it("covers a plugin's composites", async () => {
    const cube = composite<'cube', [x: Tensor]>('cube', (x) => mul(mul(x, x), x), {
      samples: [{ inputs: [{ shape: [3] }] }],
    });
    const names = backendConformance(referenceBackend, { operations: [cube] }).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['forward/cube/0', 'gradient/cube/0']));
    expect(await failuresOf(referenceBackend, 'gradient/cube', { operations: [cube] })).toEqual([]);
  });

  it('gives every case a name of its own', () => {
    const names = backendConformance(referenceBackend).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

import type { Calibration, CalibrationMemory, Feeds } from '@limbeck/core/backend';
import { bindState, conv2d, Graph, program } from '@limbeck/graph';
import { patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { onnxBackend } from '../backend.js';

const image = [2, 3, 8, 8];
const fill = (name: string, shape: number[], scale: number) =>
  patternFill('find-ranges', name, shape, (u) => u * scale);

function network(scale: number) {
  const graph = new Graph();
  const first = conv2d(graph.input('image', image), graph.state('first', [8, 3, 3, 3]));
  const y = conv2d(first, graph.state('second', [8, 8, 3, 3]));
  const values = new Map([
    ['first', fill('first', [8, 3, 3, 3], 0.5)],
    ['second', fill('second', [8, 8, 3, 3], scale)],
  ]);
  return bindState(program({ name: 'network', outputs: { y } }), values);
}

/** A memory that tells what was asked and kept. */
class Notebook implements CalibrationMemory {
  readonly kept = new Map<string, Uint8Array>();
  readonly asked: string[] = [];
  writes = 0;

  async read(key: string): Promise<Uint8Array | undefined> {
    this.asked.push(key);
    return this.kept.get(key);
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.writes++;
    this.kept.set(key, bytes);
  }
}

async function outputOf(
  memory: CalibrationMemory | undefined,
  {
    scale = 0.2,
    name = 'image',
    ...how
  }: { scale?: number; name?: string } & Omit<Calibration, 'batches'> = {},
): Promise<Float32Array> {
  const batches: Feeds[] = [{ image: fill(name, image, 2) }];
  const calibration = { batches, memory, ...how } as Calibration;
  const executable = await onnxBackend.compile(network(scale), {
    precision: 'int8',
    threads: 1,
    calibration,
  });
  const { y } = await executable.step({ image: fill('held out', image, 2) });
  const values = (y!.data as Float32Array).slice();
  await executable.dispose();
  return values;
}

describe('the memory of a calibration', () => {
  test('is asked before values are measured, and gives the same model', async () => {
    const memory = new Notebook();
    const measured = await outputOf(memory);
    expect([memory.asked.length, memory.writes]).toEqual([1, 1]);
    expect(await outputOf(memory)).toEqual(measured);
    expect([memory.asked.length, memory.writes]).toEqual([2, 1]);
    expect(await outputOf(undefined)).toEqual(measured);
  });

  test('keeps ranges apart by weights, method, batches and what is computed in int8', async () => {
    const memory = new Notebook();
    await outputOf(memory);
    await outputOf(memory, { scale: 0.3 });
    await outputOf(memory, { method: 'entropy' });
    await outputOf(memory, { method: 'percentile' });
    await outputOf(memory, { method: 'percentile', percentile: 99 });
    await outputOf(memory, { name: 'other' });
    await outputOf(memory, { firstConvolution: 'int8' });
    expect(new Set(memory.asked).size).toBe(7);
    expect(memory.writes).toBe(7);
    // it says nothing to other methods
    await outputOf(memory, { percentile: 99 });
    expect(memory.writes).toBe(7);
  });

  test.each<[string, (kept: string) => string]>([
    ['no JSON', (kept) => kept.slice(1)],
    ['another format', (kept) => kept.replace('ranges.1', 'ranges.0')],
    ['no ranges', () => '{"format":"limbeck.activation-ranges.1"}'],
    ['a range of no numbers', (kept) => kept.replace(/\[[^\]]*\]/, '["a","b"]')],
    ['a range upside down', (kept) => kept.replace(/\[[^\]]*\]/, '[1,0]')],
    ['a range that is missing', (kept) => kept.replace(/"[^"]*":\[[^\]]*\],?/, '')],
    ['null', () => 'null'],
  ])('is not trusted where it holds %s', async (_, change) => {
    const memory = new Notebook();
    const measured = await outputOf(memory);
    const [[key, bytes]] = [...memory.kept] as [[string, Uint8Array]];
    memory.kept.set(key, new TextEncoder().encode(change(new TextDecoder().decode(bytes))));
    expect(await outputOf(memory)).toEqual(measured);
    expect(memory.writes).toBe(2);
    expect(memory.kept.get(key)).toEqual(bytes);
  });
});

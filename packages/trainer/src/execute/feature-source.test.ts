import { tensorData } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { liveFeatures } from './feature-source.js';
import type { LiveTeacher } from './live-teacher.js';

const image = (value: number) => tensorData('float32', [1, 1, 1, 1], Float32Array.of(value));

/** Doubles its images, in two buffers by turns: what it gave before the call before is overwritten. */
function doubling(): LiveTeacher & { calls: number } {
  const buffers = [new Float32Array(1), new Float32Array(1)];
  return {
    calls: 0,
    batchSize: 1,
    paths: new Set(['embedding']),
    async run({ data }) {
      const buffer = buffers[this.calls++ % 2]!;
      buffer[0] = 2 * data[0]!;
      return { embedding: tensorData('float32', [1, 1], buffer) };
    },
    dispose: async () => undefined,
  };
}

const asked = (view: string, input: string) => ({ path: 'embedding', image: view, input });
const batch = (images: Record<string, number>) => ({
  images: Object.fromEntries(Object.entries(images).map(([name, value]) => [name, image(value)])),
  indices: Int32Array.of(0),
  epoch: 0,
});

describe('features of a teacher that is asked in every step', () => {
  it('come under the inputs of the step, with one call for a view', async () => {
    const teacher = doubling();
    const source = liveFeatures(teacher, [asked('image', 'teacher.embedding'), asked('image', 'again')]);
    const feeds = await source.features(batch({ image: 3, 'image.strong': 4 }));
    expect(Object.entries(feeds).map(([name, { data }]) => [name, data[0]])).toEqual([
      ['teacher.embedding', 6],
      ['again', 6],
    ]);
    expect(teacher.calls).toBe(1);
  });

  it('stay as they are while further views are asked for', async () => {
    const views = ['image', 'image.weak', 'image.strong', 'image.other'];
    const source = liveFeatures(
      doubling(),
      views.map((view, i) => asked(view, `feature${i}`)),
    );
    const feeds = await source.features(batch(Object.fromEntries(views.map((view, i) => [view, i + 1]))));
    expect(Object.values(feeds).map(({ data }) => data[0])).toEqual([2, 4, 6, 8]);
  });
});

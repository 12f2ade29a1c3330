import { readFileSync } from 'node:fs';
import { decodeOnnx, encodeOnnx, type OnnxGraph } from '@limbeck/formats';
import { expect, test } from 'vitest';
import { loadRuntime } from '../runtime.js';

const file = readFileSync(new URL('./functions.onnx', import.meta.url));

const operatorsOf = ({ nodes }: OnnxGraph): string[] =>
  nodes.flatMap(({ opType, domain, attributes }) => [
    `${domain}.${opType}`,
    ...Object.values(attributes).flatMap((attribute) =>
      attribute.kind === 'graph' ? operatorsOf(attribute.value) : [],
    ),
  ]);

test('a model with functions of its own computes the same once they are put in', async () => {
  const { InferenceSession, Tensor } = await loadRuntime();
  const inlined = decodeOnnx(file, { source: 'functions.onnx' });
  expect(operatorsOf(inlined.graph).filter((name) => !name.startsWith('.'))).toEqual([]);
  expect(inlined.opsetImports).toEqual([{ domain: '', version: 18 }]);
  // both ways through the condition
  for (const scale of [0.1, 10]) {
    const x = Float32Array.from({ length: 12 }, (_, i) => scale * (i - 6));
    const run = async (bytes: Uint8Array) => {
      const session = await InferenceSession.create(bytes);
      try {
        const [y] = Object.values(await session.run({ x: new Tensor('float32', x, [4, 3]) }));
        return Array.from(y!.data as Float32Array);
      } finally {
        await session.release();
      }
    };
    const expected = await run(file);
    expect(await run(encodeOnnx(inlined))).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(4);
  }
});

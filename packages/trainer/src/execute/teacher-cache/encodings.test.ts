import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Encoding, encodingOf, type FieldArray, topLogits } from './encoding.js';

const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
} as const;

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** What is left of values after they were kept. */
function kept(encoding: Encoding, values: Float32Array): Float32Array {
  const fields = encoding.fields.map(({ dtype, shape }): FieldArray => new arrays[dtype](size(shape)));
  encoding.encode(values, fields);
  const read = new Float32Array(values.length).fill(Number.NaN);
  encoding.decode(fields, read);
  return read;
}

const values = (largest: number, minLength = 1) =>
  fc
    .array(fc.float({ min: -Math.fround(largest), max: Math.fround(largest), noNaN: true }), {
      minLength,
      maxLength: 40,
    })
    .map((list) => Float32Array.from(list));

const softmax = (logits: Float32Array): number[] => {
  const largest = Math.max(...logits);
  const exps = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((exp) => exp / sum);
};

describe('what is kept of values', () => {
  it('float32: everything', () => {
    const property = fc.property(values(3e38), (list) => {
      expect(kept(encodingOf('float32', [list.length]), list)).toEqual(list);
    });
    fc.assert(property);
  });

  it('float16: 11 significant bits', () => {
    const property = fc.property(values(65_504), (list) => {
      const read = kept(encodingOf('float16', [list.length]), list);
      list.forEach((value, i) => {
        expect(Math.abs(read[i]! - value)).toBeLessThanOrEqual(
          Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
        );
      });
    });
    fc.assert(property);
  });

  it('int8: 1/254 of the largest magnitude', () => {
    const property = fc.property(values(1e30), (list) => {
      const read = kept(encodingOf('int8', [list.length]), list);
      const largest = Math.max(...list.map(Math.abs));
      list.forEach((value, i) => {
        // a scale that is subnormal is itself rounded
        expect(Math.abs(read[i]! - value)).toBeLessThanOrEqual((largest / 254) * 1.00001 + 1e-43);
      });
    });
    fc.assert(property);
    expect(kept(encodingOf('int8', [3]), new Float32Array(3))).toEqual(new Float32Array(3));
  });

  it.each(['float32', 'float16', 'int8'] as const)('%s: values kept once stay as they are', (dtype) => {
    const property = fc.property(values(1000), (list) => {
      const encoding = encodingOf(dtype, [list.length]);
      const once = kept(encoding, list);
      kept(encoding, once).forEach((value, i) => {
        expect(value).toBeCloseTo(once[i]!, 3);
      });
    });
    fc.assert(property);
  });
});

describe('the top logits', () => {
  const logits = values(30, 3).chain((list) =>
    fc.tuple(fc.constant(list), fc.integer({ min: 1, max: list.length - 1 })),
  );

  it('keeps the largest exactly, and the probability of the rest spread evenly', () => {
    const property = fc.property(logits, ([list, top]) => {
      const read = kept(topLogits('float32', top, list.length), list);
      const order = [...list.keys()].sort((a, b) => list[b]! - list[a]! || a - b);
      const [before, after] = [softmax(list), softmax(read)];
      for (const index of order.slice(0, top)) {
        expect(read[index]).toBe(list[index]);
        expect(after[index]).toBeCloseTo(before[index]!, 5);
      }
      const others = order.slice(top);
      expect(new Set(others.map((index) => read[index])).size).toBe(1);
      expect(read[others[0]!]).toBeLessThanOrEqual(list[order[top - 1]!]! + 1e-5);
    });
    fc.assert(property);
  });

  it('knows more classes than a byte can name', () => {
    const list = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    list[777] = 9;
    list[3] = 8;
    const read = kept(topLogits('float16', 2, 1000), list);
    expect([read[777], read[3]]).toEqual([9, 8]);
    const rest =
      list.reduce((sum, value, i) => (i === 777 || i === 3 ? sum : sum + Math.exp(value)), 0) / 998;
    expect(Math.exp(read[0]!)).toBeCloseTo(rest, 4);
  });

  it('takes the first among equals', () => {
    const fields = [new Float32Array(2), new Uint8Array(2), new Float32Array(1)];
    topLogits('float32', 2, 4).encode(Float32Array.of(1, 5, 5, 5), fields);
    expect([...fields[1]!]).toEqual([1, 2]);
  });
});

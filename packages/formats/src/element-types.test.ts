import { describe, expect, it } from 'vitest';
import { byteSize, checkTensor, viewElements } from './element-types.js';

describe('viewElements', () => {
  const file = new Uint8Array(24);

  it('views aligned bytes and copies others', () => {
    expect(viewElements('float32', file.subarray(8, 16)).buffer).toBe(file.buffer);
    const copy = viewElements('float32', file.subarray(9, 17));
    expect(copy.buffer).not.toBe(file.buffer);
    expect(copy).toHaveLength(2);
  });

  it('reads the same values either way', () => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setInt32(1, -123_456, true);
    expect([...viewElements('int32', bytes.subarray(1, 5))]).toEqual([-123_456]);
  });

  it('gives plain arrays for a Node buffer', () => {
    expect(viewElements('uint8', Buffer.from([1, 2])).constructor).toBe(Uint8Array);
    expect([...viewElements('uint16', Buffer.from([0, 1, 2]).subarray(1))]).toEqual([0x201]);
  });
});

describe('byteSize', () => {
  it.each([
    [[], 4],
    [[2, 3], 24],
    [[5, 0], 0],
    [[-1], undefined],
    [[-0], undefined],
    [[1.5], undefined],
    [[2n], undefined],
    [[2 ** 40, 2 ** 40], undefined],
    [[2 ** 52], undefined],
  ])('of %o at four bytes is %s', (shape: unknown[], expected) => {
    expect(byteSize(shape, 4)).toBe(expected);
  });
});

describe('checkTensor', () => {
  const data = new Float32Array(6);

  it('accepts what fits', () => {
    expect(() => checkTensor('w', { dtype: 'float32', shape: [2, 3], data })).not.toThrow();
  });

  it.each([
    [
      'a wrong size',
      { dtype: 'float32', shape: [2, 2], data },
      "tensor 'w' has shape [2, 2], which its 6 elements",
    ],
    ['a negative size', { dtype: 'float32', shape: [-2, -3], data }, 'has shape [-2, -3]'],
    [
      'the wrong array',
      { dtype: 'int32', shape: [6], data },
      'is declared int32, which is kept in a Int32Array',
    ],
    ['an unknown type', { dtype: 'toString', shape: [6], data }, "unknown element type 'toString'"],
    ['a bool of 2', { dtype: 'bool', shape: [1], data: Uint8Array.of(2) }, 'other than 0 and 1'],
  ])('refuses %s', (_, tensor, message) => {
    expect(() => checkTensor('w', tensor as never)).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import {
  add,
  cast,
  evaluateNode,
  fromBfloat16,
  Graph,
  interpret,
  mul,
  program,
  type StateDict,
  sub,
  tensorData,
  toBfloat16,
  toReference,
} from '../index.js';
import { conv2dOperation } from '../ops/conv2d.js';
import { fromReference } from './values.js';

const vector = (...values: number[]) => tensorData('float32', [values.length], Float32Array.from(values));

describe('interpret', () => {
  const graph = new Graph();
  const [x, total] = [graph.input('x', [2]), graph.state('total', [2])];
  const target = program({
    name: 'p',
    outputs: { y: mul(x, total) },
    updates: new Map([['total', add(total, x)]]),
  });
  const state: StateDict = new Map([['total', vector(1, 2)]]);

  it('gives outputs of the state before, and the state after', () => {
    const result = interpret(target, new Map([['x', vector(3, 4)]]), state);
    expect(result.outputs.get('y')!.data).toEqual(Float32Array.of(3, 8));
    expect(result.state.get('total')!.data).toEqual(Float32Array.of(4, 6));
  });

  it('names inputs that are missing or of another type', () => {
    expect(() => interpret(target, new Map(), state)).toThrow(
      "input 'x' must be float32 [2], and is missing",
    );
    expect(() => interpret(target, new Map([['x', vector(1)]]), state)).toThrow(
      "input 'x' must be float32 [2], not float32 [1]",
    );
    const integers = tensorData('int32', [2]);
    expect(() => interpret(target, new Map([['x', integers]]), state)).toThrow(
      "input 'x' must be float32 [2], not int32 [2]",
    );
    expect(() => interpret(target, new Map([['x', vector(1, 2)]]))).toThrow("'total' is missing");
  });

  it('rounds after every operation in float32, and not before the end in float64', () => {
    const y = sub(add(x, 2 ** 24), 2 ** 24);
    const rounding = program({ name: 'p', outputs: { y } });
    const feeds = new Map([['x', vector(1, 3)]]);
    const outputs = (precision: 'float32' | 'float64') =>
      Array.from(interpret(rounding, feeds, new Map(), { precision }).outputs.get('y')!.data);
    expect(outputs('float64')).toEqual([1, 3]);
    expect(outputs('float32')).toEqual([0, 4]);
  });

  it('has no value for a composite or a leaf alone', () => {
    expect(() => evaluateNode(x, [])).toThrow("'input' is a leaf and has no value of its own");
  });
});

describe('bfloat16', () => {
  it.each([
    [1, 0x3f80],
    [-2, 0xc000],
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [Number.POSITIVE_INFINITY, 0x7f80],
    [3.4e38, 0x7f80],
  ])('rounds %d to nearest even', (value, bits) => {
    expect(toBfloat16(value)).toBe(bits);
  });

  it('keeps NaN, and comes back as the number it stands for', () => {
    expect(fromBfloat16(toBfloat16(Number.NaN))).toBeNaN();
    expect(fromBfloat16(0x3fc0)).toBe(1.5);
    const value = { dtype: 'bfloat16', shape: [2], data: Float64Array.of(1.5, -0.25) } as const;
    expect(toReference(fromReference(value))).toEqual(value);
  });

  it('is what a cast leaves in single precision', () => {
    const graph = new Graph();
    const y = cast(cast(graph.input('x', [1]), 'bfloat16'), 'float32');
    const run = (precision: 'float32' | 'float64') =>
      interpret(program({ name: 'p', outputs: { y } }), new Map([['x', vector(1.01)]]), new Map(), {
        precision,
      });
    expect(run('float32').outputs.get('y')!.data[0]).toBe(1.0078125);
    expect(run('float64').outputs.get('y')!.data[0]).toBe(Math.fround(1.01));
  });
});

describe('the reference convolution', () => {
  it.each(conv2dOperation.samples.map((sample, i) => [i, sample] as const))(
    'agrees with its definition, sample %i',
    (_, sample) => {
      const { strides, padding, dilation, inputDilation, groups } = sample.attributes as never as {
        strides: number[];
        padding: number[];
        dilation: number[];
        inputDilation: number[];
        groups: number;
      };
      const graph = new Graph();
      const [xShape, wShape] = sample.inputs.map(({ shape }) => shape as [number, number, number, number]);
      const [x, w] = [xShape!, wShape!].map((shape, k) => {
        const data = Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_v, i) => Math.sin(i + k));
        return { shape, dtype: 'float32' as const, data };
      });
      const node = conv2dOperation(
        graph.input('x', xShape!),
        graph.input('w', wShape!),
        sample.attributes as never,
      );
      const found = evaluateNode(node, [x!, w!]);
      const [, c, h, width] = xShape!;
      const [o, perGroup, kh, kw] = wShape!;
      const [, , oh, ow] = node.shape as [number, number, number, number];
      /** The input with zeros put in and around. */
      const at = (image: number, channel: number, row: number, column: number): number => {
        const [r, s] = [row - padding[0]!, column - padding[1]!];
        if (r % inputDilation[0]! !== 0 || s % inputDilation[1]! !== 0) return 0;
        const [i, j] = [r / inputDilation[0]!, s / inputDilation[1]!];
        return i < 0 || j < 0 || i >= h || j >= width
          ? 0
          : x!.data[((image * c + channel) * h + i) * width + j]!;
      };
      found.data.forEach((value, position) => {
        const column = position % ow;
        const row = Math.floor(position / ow) % oh;
        const to = Math.floor(position / (ow * oh)) % o;
        const image = Math.floor(position / (ow * oh * o));
        let expected = 0;
        for (let k = 0; k < perGroup * kh * kw; k++) {
          const [from, i, j] = [Math.floor(k / (kh * kw)), Math.floor(k / kw) % kh, k % kw];
          const channel = Math.floor(to / (o / groups)) * perGroup + from;
          const [r, s] = [row * strides[0]! + i * dilation[0]!, column * strides[1]! + j * dilation[1]!];
          expected += at(image, channel, r, s) * w!.data[to * perGroup * kh * kw + k]!;
        }
        expect(value).toBeCloseTo(expected, 10);
      });
    },
  );
});

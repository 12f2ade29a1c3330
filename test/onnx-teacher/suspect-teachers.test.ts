import { onnxBackend } from '@limbeck/backend-onnx';
import type { LimbeckError } from '@limbeck/core';
import { attr, encodeOnnx, type OnnxNode, type OnnxTensor } from '@limbeck/formats';
import { Graph, type TensorData, tensorData } from '@limbeck/graph';
import {
  type ForeignDeclaration,
  type ForeignModel,
  openForeignModel,
  openForeignTeacher,
  planTeachers,
} from '@limbeck/trainer';
import { describe, expect, it } from 'vitest';

const classes = 5;
const imageShape = [3, 4, 4] as const;
const size = 48;
const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };
const placement = { backend: onnxBackend, threads: 1 };

const floats = (name: string, shape: readonly number[], value: (i: number) => number): OnnxTensor => ({
  name,
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});
const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({
  opType,
  name: `the_${opType}`,
  inputs,
  outputs,
  attributes,
});

const weights = [
  floats('w', [size, classes], (i) => Math.sin(i * 1.3)),
  floats('b', [classes], (i) => i / 3 - 0.5),
];
const head = [node('Flatten', ['x'], ['flat']), node('Gemm', ['flat', 'w', 'b'], ['raw'])];

interface Made {
  readonly tail?: readonly OnnxNode[];
  readonly more?: readonly OnnxTensor[];
  readonly output?: string;
  readonly nodes?: readonly OnnxNode[];
  readonly batch?: number | string;
  readonly outputs?: readonly string[];
}

/** image [N, 3, 4, 4] -> Flatten -> Gemm, and what stands behind. */
const made = ({
  tail = [],
  more = [],
  output = 'raw',
  nodes = [...head, ...tail],
  batch = 'N',
  outputs = [output],
}: Made = {}) =>
  encodeOnnx({
    irVersion: 8,
    producerName: 'test',
    opsetImports: [{ domain: '', version: 17 }],
    metadata: {},
    graph: {
      name: 'g',
      nodes,
      inputs: [{ name: 'x', dtype: 'float32', shape: [batch, ...imageShape] }],
      outputs: outputs.map((name) => ({ name, dtype: 'float32' })),
      initializers: [...weights, ...more],
    },
  });

const input = { layout: 'NCHW', scale: 1 } as const;
const colour = { imageShape, normalization };
const grey = { imageShape: [1, 4, 4], normalization: { mean: [0.5], std: [0.2] } } as const;
const open = (
  bytes: Uint8Array,
  declaration: Partial<ForeignDeclaration> = {},
  data: typeof colour | typeof grey = colour,
) =>
  openForeignModel(bytes, {
    ...{ source: 'm.onnx', declaration: { taps: {}, input, ...declaration }, placement, classes },
    ...data,
  });

async function refusal(opened: Promise<unknown>): Promise<LimbeckError> {
  try {
    await opened;
  } catch (error) {
    return error as LimbeckError;
  }
  throw new Error('it was accepted');
}

const images = (count: number): TensorData =>
  tensorData(
    'float32',
    [count, ...imageShape],
    Float32Array.from({ length: count * size }, (_, i) => Math.cos(i * 0.7)),
  );

async function ask(model: ForeignModel, path = 'logits', count = 2): Promise<TensorData> {
  const teacher = await openForeignTeacher(model, {
    ...{ imageShape, normalization, placement, batchSize: count, paths: [path], name: 'teacher' },
    emit: () => undefined,
  });
  try {
    const { [path]: value } = await teacher.run(images(count));
    return { ...value!, data: value!.data.slice() } as TensorData;
  } finally {
    await teacher.dispose();
  }
}

const softmaxRows = (logits: TensorData): number[] => {
  const rows = [];
  for (let row = 0; row < logits.shape[0]!; row++) {
    const exps = [...(logits.data as Float32Array).subarray(row * classes, (row + 1) * classes)].map(
      Math.exp,
    );
    const sum = exps.reduce((a, b) => a + b);
    rows.push(...exps.map((value) => value / sum));
  }
  return rows;
};

describe('a teacher that gives probabilities', () => {
  const softmax = made({ tail: [node('Softmax', ['raw'], ['p'])], output: 'p' });
  const sigmoid = made({ tail: [node('Sigmoid', ['raw'], ['p'])], output: 'p' });
  const hidden = made({
    tail: [
      node('Exp', ['raw'], ['e']),
      node('ReduceSum', ['e', 'axis'], ['s'], { keepdims: attr.int(1) }),
      node('Div', ['e', 's'], ['p']),
    ],
    more: [{ name: 'axis', dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) }],
    output: 'p',
  });

  it.each([
    ['Softmax', softmax, "node 'the_Softmax' (Softmax) makes them of 'raw'"],
    ['Sigmoid', sigmoid, "node 'the_Sigmoid' (Sigmoid) makes them of 'raw'"],
    ['no node that says so', hidden, 'its rows lie in [0, 1] and sum to 1'],
  ])('is refused, with what to do: %s', async (_, bytes, why) => {
    const error = await refusal(open(bytes));
    expect(error.message).toBe(`m.onnx: 'p' holds probabilities, not logits: ${why}`);
    expect(error.hint).toContain('teacher.outputs: probabilities');
  });

  it('behind what hands values on, too', async () => {
    const tail = [node('Softmax', ['raw'], ['s']), node('Identity', ['s'], ['p'])];
    expect((await refusal(open(made({ tail, output: 'p' })))).message).toContain("of 'raw'");
  });

  it.each([
    ['Softmax', softmax],
    ['no node', hidden],
  ])('gives logits of the same distribution once that is said: %s', async (_, bytes) => {
    const logits = await ask(await open(made()));
    const logarithm = await ask(await open(bytes, { outputs: 'probabilities' }));
    for (const [i, p] of softmaxRows(logarithm).entries()) expect(p).toBeCloseTo(softmaxRows(logits)[i]!, 5);
  });

  it('gives the logits themselves for each class alone', async () => {
    const logits = await ask(await open(made()));
    const odds = await ask(await open(sigmoid, { outputs: 'probabilities' }));
    for (const [i, value] of (odds.data as Float32Array).entries())
      expect(value).toBeCloseTo(logits.data[i]! as number, 3);
  });

  it('may be asked for what stands before', async () => {
    const before = await ask(await open(softmax, { logits: 'raw' }));
    expect(before.data).toEqual((await ask(await open(made()))).data);
  });

  it('is not made of logits', async () => {
    expect((await refusal(open(made(), { outputs: 'probabilities' }))).message).toContain(
      'are no probabilities',
    );
  });
});

describe('a teacher that is random or depends on its batch', () => {
  const bool = (value: number): OnnxTensor => ({
    name: 'mode',
    dtype: 'bool',
    shape: [],
    data: Uint8Array.of(value),
  });
  const ratio = { name: 'ratio', dtype: 'float32', shape: [], data: Float32Array.of(0.5) } as const;
  const dropout = (training: number) =>
    made({
      tail: [node('Dropout', ['raw', 'ratio', 'mode'], ['y'])],
      more: [ratio, bool(training)],
      output: 'y',
    });
  const channels = ['scale', 'bias', 'mean', 'var'].map((name) => floats(name, [3], (i) => i + 1));
  const norm = made({
    nodes: [
      node('BatchNormalization', ['x', 'scale', 'bias', 'mean', 'var'], ['n', 'm2', 'v2'], {
        training_mode: attr.int(1),
      }),
      node('Flatten', ['n'], ['flat']),
      node('Gemm', ['flat', 'w', 'b'], ['raw']),
    ],
    more: channels,
  });

  it.each([
    ['Dropout', dropout(1), "m.onnx: node 'the_Dropout' (Dropout) is in training mode"],
    [
      'BatchNormalization',
      norm,
      "m.onnx: node 'the_BatchNormalization' (BatchNormalization) is in training mode",
    ],
    [
      'RandomNormalLike',
      made({
        tail: [node('RandomNormalLike', ['raw'], ['r']), node('Add', ['raw', 'r'], ['y'])],
        output: 'y',
      }),
      "m.onnx: node 'the_RandomNormalLike' (RandomNormalLike) draws numbers",
    ],
  ])('is refused by name: %s', async (_, bytes, message) => {
    const error = await refusal(open(bytes));
    expect(error.message).toContain(message);
    expect(error.hint).toContain('model.eval()');
  });

  it('is not what has a dropout that drops nothing, nor one that nothing depends on', async () => {
    await open(dropout(0));
    const aside = made({ tail: [node('RandomNormalLike', ['raw'], ['r'])] });
    await open(aside);
  });

  it('is found out by what it gives, whatever its nodes are called', async () => {
    // the mean over the batch is taken off by hand
    const tail = [
      node('ReduceMean', ['raw'], ['mean0'], { axes: attr.ints([0]) }),
      node('Sub', ['raw', 'mean0'], ['y']),
    ];
    const error = await refusal(open(made({ tail, output: 'y' })));
    expect(error.message).toMatch(/gives an image other values of 'y' beside other images/);
  });
});

describe('a teacher from a file made for one image', () => {
  const reshape = (rows: number, columns: number) =>
    made({
      nodes: [node('Reshape', ['x', 'one'], ['flat']), node('Gemm', ['flat', 'w', 'b'], ['raw'])],
      more: [
        { name: 'one', dtype: 'int64', shape: [2], data: BigInt64Array.of(BigInt(rows), BigInt(columns)) },
      ],
    });

  it('is asked image by image, and gives the same', async () => {
    const model = await open(reshape(1, size));
    expect(model.input.batch).toBe(1);
    expect((await ask(model, 'logits', 4)).data).toEqual((await ask(await open(made()), 'logits', 4)).data);
  });
});

describe('a teacher without classes', () => {
  const wide = [floats('u', [size, 7], (i) => Math.sin(i))];
  const bytes = made({
    nodes: [node('Flatten', ['x'], ['flat']), node('MatMul', ['flat', 'u'], ['e'])],
    more: wide,
    output: 'e',
  });

  it('gives an embedding, and refuses logits with the reason', async () => {
    const model = await open(bytes);
    expect([...model.features.keys()]).toEqual(['embedding']);
    expect((await ask(model, 'embedding')).shape).toEqual([2, 7]);
    const choice = { name: 'teacher', foreign: model };
    const [teacher] = planTeachers(new Graph(), [choice], { image: [2, ...imageShape], classes });
    expect(teacher!.view().tap('embedding').shape).toEqual([2, 7]);
    expect(() => teacher!.view().logits).toThrow(
      "teacher 'm.onnx' has no logits: it gives [4, 7] as 'e', the data needs [4, 5]",
    );
  });

  it('is refused where logits were named', async () => {
    expect((await refusal(open(bytes, { logits: 'e' }))).code).toBe('SHAPE_MISMATCH');
  });

  it('gives tokens and maps under their names', async () => {
    const map = made({ nodes: [node('Relu', ['x'], ['y'])], output: 'y' });
    expect([...(await open(map)).features.keys()]).toEqual(['last-map']);
  });

  it('may say so, where there are several outputs', async () => {
    const several = made({ tail: [node('Relu', ['raw'], ['other'])], outputs: ['raw', 'other'] });
    expect((await refusal(open(several))).message).toBe('m.onnx gives raw, other: which are the logits?');
    const taps = { embedding: { tensor: 'other', layout: 'NCHW' } } as const;
    const model = await open(several, { logits: false, taps });
    expect(model.noLogits).toContain('teacher.logits says');
    expect((await refusal(open(several, { logits: false }))).message).toContain('neither logits nor taps');
  });

  it('is not meant where one of several outputs is called logits', async () => {
    const tail = [node('Identity', ['raw'], ['logits'])];
    expect([...(await open(made({ tail, outputs: ['raw', 'logits'] }))).features.keys()]).toEqual(['logits']);
  });
});

describe('channels', () => {
  it('are taken in the order that is said', async () => {
    const plain = await ask(await open(made()));
    const swapped = made({
      nodes: [
        node('Gather', ['x', 'order'], ['bgr'], { axis: attr.int(1) }),
        node('Flatten', ['bgr'], ['flat']),
        head[1]!,
      ],
      more: [{ name: 'order', dtype: 'int64', shape: [3], data: BigInt64Array.of(2n, 1n, 0n) }],
    });
    const model = await open(swapped, {
      input: { ...input, channels: 'BGR', normalization: { mean: [0.3, 0.4, 0.5], std: [0.3, 0.25, 0.2] } },
    });
    const given = await ask(model);
    for (const [i, value] of (given.data as Float32Array).entries())
      expect(value).toBeCloseTo(plain.data[i]! as number, 4);
  });

  it('are repeated for grey images, and said to be possible where they do not fit', async () => {
    const error = await refusal(open(made(), {}, grey));
    expect(error.hint).toBe('teacher.input.channels: RGB repeats grey images for each channel');
    const model = await open(made(), { input: { ...input, channels: 'RGB' } }, grey);
    expect(model.features.get('logits')!.shape).toEqual([classes]);
  });
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { onnxBackend } from '@limbeck/backend-onnx';
import type { LimbeckError } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';
import { decodeOnnx, encodeOnnx, type OnnxModel } from '@limbeck/formats';
import { type TensorData, tensorData } from '@limbeck/graph';
import { type ForeignDeclaration, openForeignModel, openForeignTeacher } from '@limbeck/trainer';
import { describe, expect, it } from 'vitest';

const file = (name: string) => path.join(import.meta.dirname, name);
const read = (name: string) => new Uint8Array(readFileSync(file(name)));

/** What PyTorch made of some images. */
const expected = JSON.parse(readFileSync(file('pytorch.json'), 'utf8')) as {
  readonly mean: number[];
  readonly std: number[];
  readonly pixels: number[];
  readonly features: Record<string, number[]>;
  readonly scaled: Record<string, number[]>;
};
const { mean, std } = expected;
const count = 4;
const imageShape = [3, 8, 8] as const;

/** The images as a data set with a normalisation of its own gives them. */
function imagesAs(normalization: RunDataset['normalization']): TensorData {
  const plane = imageShape[1] * imageShape[2];
  const values = expected.pixels.map((pixel, i) => {
    const channel = Math.floor(i / plane) % 3;
    return (pixel / 255 - normalization.mean[channel]!) / normalization.std[channel]!;
  });
  return tensorData('float32', [count, ...imageShape], Float32Array.from(values));
}

const same = { mean, std };
const other = { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.3] };

const torchNames = {
  stage1: { tensor: '/layer1/Relu_1_output_0', layout: 'NCHW' },
  stage2: { tensor: '/layer2/Relu_1_output_0', layout: 'NCHW' },
  embedding: { tensor: '/Flatten_output_0', layout: 'NCHW' },
} as const;
const declared: ForeignDeclaration = { taps: torchNames, input: { layout: 'NCHW', scale: 1 } };

interface Taught {
  readonly bytes?: Uint8Array;
  readonly declaration?: ForeignDeclaration;
  readonly normalization?: RunDataset['normalization'];
  readonly classes?: number;
  readonly shape?: readonly [number, number, number];
}

const open = ({
  bytes = read('pytorch.onnx'),
  declaration = declared,
  normalization = same,
  classes = 5,
  shape = imageShape,
}: Taught = {}) =>
  openForeignModel(bytes, {
    source: 'model.onnx',
    declaration,
    placement: { backend: onnxBackend, threads: 1 },
    imageShape: shape,
    normalization,
    classes,
  });

/** Features of the images, by tap. */
async function featuresOf(taught: Taught): Promise<Record<string, TensorData>> {
  const { normalization = same } = taught;
  const model = await open(taught);
  const teacher = await openForeignTeacher(model, {
    imageShape,
    normalization,
    placement: { backend: onnxBackend, threads: 1 },
    batchSize: count,
    paths: [...model.features.keys()],
    name: 'teacher',
    emit: () => undefined,
  });
  try {
    return { ...(await teacher.run(imagesAs(normalization))) };
  } finally {
    await teacher.dispose();
  }
}

function expectClose(actual: TensorData, wanted: readonly number[]): void {
  expect(actual.data.length).toBe(wanted.length);
  const worst = (actual.data as Float32Array).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)),
    0,
  );
  expect(worst).toBeLessThan(2e-5);
}

describe('a model from PyTorch as teacher', () => {
  it('gives the features PyTorch computes, those in between too', async () => {
    const features = await featuresOf({});
    expect(Object.keys(features).sort()).toEqual(['embedding', 'logits', 'stage1', 'stage2']);
    expect(features.stage2!.shape).toEqual([count, 8, 4, 4]);
    for (const [tap, value] of Object.entries(features)) expectClose(value, expected.features[tap]!);
  });

  it('takes images of a data set that normalises in another way', async () => {
    const input = { layout: 'NCHW', scale: 1, normalization: { mean, std } } as const;
    const features = await featuresOf({ normalization: other, declaration: { ...declared, input } });
    for (const [tap, value] of Object.entries(features)) expectClose(value, expected.features[tap]!);
  });

  it('takes pixels up to 255, channels last, two images a call', async () => {
    const features = await featuresOf({
      bytes: read('pytorch-nhwc-pairs.onnx'),
      normalization: other,
      declaration: {
        taps: {
          image: { tensor: '/Div_1_output_0', layout: 'NHWC' },
          stage2: { tensor: '/net/layer2/Relu_1_output_0', layout: 'NCHW' },
          embedding: { tensor: '/net/pool/GlobalAveragePool_output_0', layout: 'NCHW' },
        },
        logits: 'scores',
        input: { layout: 'NHWC', scale: 255, normalization: 'none' },
      },
    });
    const { image, ...rest } = features;
    expectClose(image!, [...imagesAs(same).data].map(Number));
    expect(image!.shape).toEqual([count, ...imageShape]);
    // what pooling leaves is an embedding
    expect(features.embedding!.shape).toEqual([count, 8]);
    for (const [tap, value] of Object.entries(rest)) expectClose(value, expected.features[tap]!);
  });

  it('takes images scaled to the size it is said to take', async () => {
    const { stage1, stage2, ...taps } = torchNames;
    const features = await featuresOf({
      bytes: read('pytorch-any-size.onnx'),
      declaration: { taps, input: { layout: 'NCHW', scale: 1, size: [12, 10] } },
    });
    expect(Object.keys(features).sort()).toEqual(['embedding', 'logits']);
    for (const [tap, value] of Object.entries(features)) expectClose(value, expected.scaled[tap]!);
  });
});

/** The model with something about it changed. */
const changed = (change: (graph: OnnxModel['graph']) => Partial<OnnxModel['graph']>): Uint8Array => {
  const model = decodeOnnx(read('pytorch.onnx'));
  const opsetImports = [...model.opsetImports, { domain: 'my.ops', version: 1 }];
  return encodeOnnx({ ...model, opsetImports, graph: { ...model.graph, ...change(model.graph) } });
};

const withInput = (input: Partial<ForeignDeclaration['input']>): ForeignDeclaration => ({
  ...declared,
  input: { ...declared.input, ...input },
});

describe('a model from a file is refused where', () => {
  it.each<[string, Taught, string, RegExp, RegExp]>([
    [
      'its size is open and nobody says which',
      { bytes: read('pytorch-any-size.onnx') },
      'PRECONDITION',
      /^model.onnx takes 'images', float32 \[batch, 3, height, width\]: axes other than the batch are open$/,
      /teacher.input.size: \[8, 8\]/,
    ],
    [
      'images have another size',
      { shape: [3, 32, 32] },
      'SHAPE_MISMATCH',
      /\[batch, 3, 8, 8\]; images of the data are 32x32/,
      /teacher.input.size: \[8, 8\]/,
    ],
    [
      'the layout is the other one',
      { declaration: withInput({ layout: 'NHWC' }) },
      'SHAPE_MISMATCH',
      /which as NHWC is images of 8 channels; those of the data have 3/,
      /fit as NCHW: set teacher.input.layout/,
    ],
    [
      'its channels come last',
      { bytes: read('pytorch-nhwc-pairs.onnx') },
      'SHAPE_MISMATCH',
      /which as NCHW is images of 8 channels/,
      /fit as NHWC/,
    ],
    [
      'a tap names no tensor',
      { declaration: { ...declared, taps: { stage1: { tensor: '/layer1/Relu_1_output', layout: 'NCHW' } } } },
      'UNKNOWN_TAP',
      /'model.onnx' has no tensor '\/layer1\/Relu_1_output'/,
      /did you mean '\/layer1\/Relu_1_output_0'/,
    ],
    [
      'a tensor has no row an image',
      {
        bytes: changed(({ nodes, initializers }) => ({
          nodes: [
            ...nodes,
            {
              opType: 'Identity',
              name: 'copy',
              inputs: [initializers.find(({ shape }) => shape[0] === 8)!.name],
              outputs: ['bias'],
              attributes: {},
            },
          ],
        })),
        declaration: { ...declared, taps: { bias: { tensor: 'bias', layout: 'NCHW' } } },
      },
      'PRECONDITION',
      /is \[8.*\] for 4 images; tap 'bias' needs one row an image, first/,
      /first axis is the batch/,
    ],
    [
      'it knows another number of classes',
      { classes: 10, declaration: { ...declared, logits: 'scores' } },
      'SHAPE_MISMATCH',
      /gives \[4, 5\] as 'scores', the data needs \[4, 10\]/,
      /number of classes/,
    ],
    [
      'the input has another name',
      { declaration: withInput({ name: 'image' }) },
      'UNKNOWN_TAP',
      /has no input 'image'/,
      /did you mean 'images'/,
    ],
    [
      'normalisations differ in their channels',
      { declaration: withInput({ normalization: { mean: [0, 0], std: [1, 1] } }) },
      'SHAPE_MISMATCH',
      /2 means and 2 standard deviations, images have 3 channels/,
      /one a channel/,
    ],
    [
      'an operator is of a domain nobody knows',
      {
        bytes: changed(({ nodes }) => ({
          nodes: nodes.map((node) => (node.opType === 'Flatten' ? { ...node, domain: 'my.ops' } : node)),
        })),
      },
      'BACKEND_UNSUPPORTED',
      /'model.onnx': onnxruntime knows no operator Flatten of domain 'my.ops'/,
      /ONNX's own operators/,
    ],
    [
      'an operator is none of ONNX',
      {
        bytes: changed(({ nodes }) => ({
          nodes: nodes.map((node) => (node.opType === 'Flatten' ? { ...node, opType: 'Flatter' } : node)),
        })),
      },
      'BACKEND_UNSUPPORTED',
      /knows no operator Flatter, at \/Flatten/,
      /ONNX's own operators/,
    ],
    [
      'its weights are in another file',
      { bytes: read('pytorch-external.onnx') },
      'BAD_FILE',
      /^model.onnx: the tensor '.*' is kept in another file/,
      /one file/,
    ],
    ['it is cut off', { bytes: read('pytorch.onnx').subarray(0, 4000) }, 'BAD_FILE', /^model.onnx: /, /.*/],
    [
      'it wants more than images',
      {
        bytes: changed(({ inputs }) => ({
          inputs: [...inputs, { name: 'mask', dtype: 'float32', shape: [1] }],
        })),
      },
      'PRECONDITION',
      /takes images, mask; a teacher takes images alone/,
      /constants/,
    ],
    [
      'nobody says which output is the logits',
      {
        bytes: changed(({ outputs }) => ({ outputs: [...outputs, { name: '/Flatten_output_0' }] })),
      },
      'PRECONDITION',
      /gives scores, \/Flatten_output_0: which are the logits\?/,
      /teacher.logits/,
    ],
  ])('%s', async (_, taught, code, message, hint) => {
    const error = await open(taught).then(
      () => undefined,
      (thrown: LimbeckError) => thrown,
    );
    expect(error).toMatchObject({ code });
    expect(error!.message).toMatch(message);
    expect(error!.hint ?? '').toMatch(hint);
  });

  it('the batch is no multiple of the images it takes at once', async () => {
    const model = await open({
      bytes: read('pytorch-nhwc-pairs.onnx'),
      declaration: { taps: {}, input: { layout: 'NHWC', scale: 1 } },
    });
    const use = { imageShape, normalization: same, placement: { backend: onnxBackend }, batchSize: 5 };
    const opening = openForeignTeacher(model, {
      ...use,
      paths: ['logits'],
      name: 't',
      emit: () => undefined,
    });
    await expect(opening).rejects.toThrow(/takes 2 images a call, which 5 images a step are no multiple of/);
  });
});

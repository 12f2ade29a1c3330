import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeOnnx } from '../onnx/decode.js';
import { writeSafetensors } from '../safetensors/write.js';
import { failure } from '../testing/failure.js';
import { writeZip } from '../zip/write.js';
import { formatOf } from './format.js';
import { openWeights } from './open.js';

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const archive = (...names: string[]) => writeZip(names.map((name) => [name, latin1('x')] as const));
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

const pointer =
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';

describe('what is no file of weights or models', () => {
  it.each<[string, Uint8Array, string, RegExp]>([
    ['a pointer of Git LFS', latin1(pointer), 'a pointer of Git LFS', /git lfs pull/],
    ['a web page', latin1('<!DOCTYPE html><html><body>404</body></html>'), 'an HTML page', /fetch the file/],
    ['a web page after a mark', latin1('\xef\xbb\xbf\n <HTML>'), 'an HTML page', /fetch the file/],
    [
      'XML text',
      latin1('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
      'XML text',
      /error page/,
    ],
    ['HDF5', latin1('\x89HDF\r\n\x1a\n'), 'an HDF5 file', /ONNX/],
    ['TensorFlow Lite', latin1('\x1c\0\0\0TFL3'), 'a TensorFlow Lite model', /ONNX/],
    [
      'a model for onnxruntime alone',
      latin1('\x20\0\0\0ORTM'),
      "a model in onnxruntime's own format, .ort",
      /\.onnx/,
    ],
    ['GGUF', latin1('GGUF\x03'), 'a GGUF file', /safetensors/],
    ['gzip', latin1('\x1f\x8b\x08'), 'compressed by gzip', /unpack/],
    ['a tar archive', latin1(`${'\0'.repeat(257)}ustar`), 'a tar archive', /unpack/],
    ['TorchScript', archive('net/data.pkl', 'net/constants.pkl'), 'a TorchScript program', /state_dict/],
    ['torch.export', archive('m/archive_format', 'm/models/model.json'), 'a program of torch.export', /ONNX/],
    ['Keras', archive('config.json', 'model.weights.h5'), 'a Keras model', /ONNX/],
    ['nothing', new Uint8Array(), 'empty', /again/],
  ])('is named: %s', (_, bytes, what, hint) => {
    for (const read of [
      () => openWeights(bytes, { source: 'some-file' }),
      () => openWeights(bytes, { source: 'weights.safetensors' }),
      () => decodeOnnx(bytes, { source: 'model.onnx' }),
    ]) {
      const error = failure(read);
      expect(error.message).toContain(`this is ${what}`);
      expect(error.hint).toMatch(hint);
    }
  });

  it.each([
    ['python.safetensors', 'safetensors weights'],
    ['torch-zip.pth', 'a checkpoint of PyTorch'],
    ['torch-legacy.pth', 'a checkpoint of PyTorch'],
    ['numpy.npz', 'an archive of NumPy'],
  ])('%s is no model in ONNX', (name, what) => {
    const error = failure(() => decodeOnnx(fixture(name), { source: 'model.onnx' }));
    expect(error.message).toContain(`model.onnx: this is ${what}, not an ONNX model`);
    expect(error.hint).toContain('weights');
  });
});

describe('formatOf', () => {
  it.each([
    ['python.onnx', 'onnx'],
    ['torch-zip.pth', 'pth'],
    ['torch-legacy.pth', 'pth'],
    ['python.safetensors', 'safetensors'],
    ['numpy.npz', 'npz'],
  ])('goes by the bytes of %s, whatever it is called', (name, format) => {
    for (const source of ['a.txt', 'a.onnx', 'a.pth', 'a.safetensors', 'a'])
      expect(formatOf(fixture(name), source)).toBe(format);
  });
});

describe('shards with an index', () => {
  const single = (value: number) => ({ dtype: 'float32', shape: [1], data: Float32Array.of(value) }) as const;
  const files = new Map([
    ['a.safetensors', writeSafetensors([['x', single(1)]], { format: 'pt' })],
    [
      'b.safetensors',
      writeSafetensors([
        ['y', single(2)],
        ['z', single(3)],
      ]),
    ],
  ]);
  const index = (map: unknown) => latin1(JSON.stringify({ metadata: { total_size: 12 }, weight_map: map }));
  const read = (map: unknown) =>
    openWeights(index(map), {
      source: 'model.safetensors.index.json',
      beside: (name) => files.get(name) ?? new Uint8Array(),
    });

  it('are one set of weights, in the order of the index', () => {
    const { tensors, format, metadata } = read({ y: 'b.safetensors', x: 'a.safetensors' });
    expect([format, { ...metadata }]).toEqual(['safetensors', { format: 'pt' }]);
    expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
      ['y', 2],
      ['x', 1],
    ]);
  });

  it.each<[string, unknown, string]>([
    ['lack a tensor', { w: 'a.safetensors' }, "'a.safetensors' lacks the tensor 'w'"],
    ['are missing', { x: 'c.safetensors' }, 'c.safetensors: this is empty'],
    ['lie outside', { x: '../a.safetensors' }, "'../a.safetensors', which is outside its folder"],
    ['have an absolute path', { x: '/etc/passwd' }, "'/etc/passwd', which is outside its folder"],
    ['have a path of Windows', { x: 'C:\\a' }, 'which is outside its folder'],
    ['are no text', { x: 1 }, "'x' is in no file"],
    ['are none', {}, 'it names 0 files'],
    ['are a list', ['a'], "no object 'weight_map'"],
  ])('are refused where they %s', (_, map, message) => {
    expect(failure(() => read(map)).message).toContain(message);
  });

  it('need the folder they lie in', () => {
    const error = failure(() => openWeights(index({ x: 'a.safetensors' }), { source: 'i.json' }));
    expect(error.message).toContain('not at hand');
  });
});

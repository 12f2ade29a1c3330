import { FormatError } from '../errors.js';
import { isZip, openZip, type ZipArchive } from '../zip/read.js';

/** A kind of file that is no file of weights or models to us, and what to do with one. */
interface OtherKind {
  readonly what: string;
  readonly hint: string;
}

const saveWeights = 'in Python, save only the weights: torch.save(model.state_dict(), FILE)';
const exportOnnx = 'export the model it was made from to ONNX, and name that file as `onnx`';

const text = (bytes: Uint8Array, from: number, count: number): string =>
  new TextDecoder('latin1').decode(bytes.subarray(from, from + count));

/** Beginnings of files, by the place where they stand. */
const marks: readonly (readonly [at: number, mark: string, kind: OtherKind])[] = [
  [
    0,
    'version https://git-lfs',
    {
      what: 'a pointer of Git LFS, which stands for the file itself',
      hint: "fetch the file: 'git lfs pull' in the folder it was cloned to, or download it by its own link",
    },
  ],
  [0, '\x89HDF\r\n', { what: 'an HDF5 file, as Keras and MATLAB write them', hint: exportOnnx }],
  [4, 'TFL3', { what: 'a TensorFlow Lite model', hint: exportOnnx }],
  [
    4,
    'ORTM',
    {
      what: "a model in onnxruntime's own format, .ort",
      hint: 'name the .onnx file it was converted from: no optimised file can be looked into',
    },
  ],
  [
    0,
    'GGUF',
    { what: 'a GGUF file of quantised weights', hint: 'take the safetensors files it was made of' },
  ],
  [0, '\x1f\x8b', { what: 'compressed by gzip', hint: 'unpack it first: gunzip or tar -xzf' }],
  [0, '\xfd7zXZ', { what: 'compressed by xz', hint: 'unpack it first: unxz or tar -xJf' }],
  [0, 'BZh', { what: 'compressed by bzip2', hint: 'unpack it first: bunzip2 or tar -xjf' }],
  [0, '\x28\xb5\x2f\xfd', { what: 'compressed by Zstandard', hint: 'unpack it first: unzstd' }],
  [0, 'Rar!', { what: 'a RAR archive', hint: 'unpack it first' }],
  [0, "7z\xbc\xaf'\x1c", { what: 'a 7z archive', hint: 'unpack it first' }],
  [257, 'ustar', { what: 'a tar archive', hint: 'unpack it first: tar -xf' }],
  [0, '%PDF', { what: 'a PDF document', hint: 'fetch the file itself' }],
];

/** Members of zip archives that tell what the archive is. */
const members: readonly (readonly [RegExp, OtherKind])[] = [
  [/^[^/]+\/constants\.pkl$/, { what: 'a TorchScript program', hint: saveWeights }],
  [
    /(^|\/)(archive_format|models\/[^/]+\.json|serialized_exported_program\.json)$/,
    {
      what: 'a program of torch.export, .pt2',
      hint: `${saveWeights}; or export the model to ONNX with torch.onnx.export`,
    },
  ],
  [/^model\.weights\.h5$/, { what: 'a Keras model', hint: exportOnnx }],
  [/^Manifest\.json$/, { what: 'a Core ML package', hint: exportOnnx }],
];

/**
 * Tells what a file is that no reader here takes, by its bytes; nothing where it may be one of ours.
 */
function otherKind(bytes: Uint8Array, archive: ZipArchive | undefined): OtherKind | undefined {
  if (bytes.length === 0) return { what: 'empty', hint: 'fetch or copy the file again' };
  const marked = marks.find(([at, mark]) => text(bytes, at, mark.length) === mark);
  if (marked !== undefined) return marked[2];
  const start = text(bytes, 0, 512)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  if (/^<(!doctype|html|head|body|\?xml|error)/i.test(start)) {
    return start.startsWith('<?xml') && !/<html/i.test(start)
      ? { what: 'XML text', hint: 'this may be an error page, or a model of OpenVINO: fetch the file itself' }
      : { what: 'an HTML page', hint: 'a download link led to a web page: fetch the file itself' };
  }
  return archive && members.find(([member]) => archive.names.some((name) => member.test(name)))?.[1];
}

/**
 * Refuses what is no file of weights or models, by what it is instead.
 *
 * @throws FormatError BAD_FILE
 */
export function refuseOtherKinds(bytes: Uint8Array, source: string): void {
  const other = otherKind(bytes, isZip(bytes) ? openZip(bytes, source) : undefined);
  if (other === undefined) return;
  throw new FormatError(
    'BAD_FILE',
    `${source}: this is ${other.what}${other.what === 'empty' ? '' : ', which is not read'}`,
    {
      hint: other.hint,
      details: { source },
    },
  );
}

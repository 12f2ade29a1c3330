import path from 'node:path';
import { didYouMean, LimbeckError } from '@limbeck/core';
import {
  castFloats,
  type FileTensor,
  type FloatType,
  floatTypes,
  writeNpz,
  writeSafetensors,
  writeTorch,
} from '@limbeck/formats';
import { openWeightsFile, type Rename, renameAll, writeAtomically } from '@limbeck/trainer';
import type { Io } from '../io.js';
import { bytes, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { refuseExisting } from '../refuse-existing.js';

export interface ConvertOptions {
  readonly source: string;
  readonly target: string;
  readonly to?: string;
  readonly rename?: readonly string[];
  readonly dtype?: string;
  readonly entry?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

type Write = (
  tensors: Iterable<readonly [string, FileTensor]>,
  metadata: Readonly<Record<string, string>>,
) => Uint8Array;

/** Formats that are written, and the names of files that ask for them. */
const formats: Readonly<Record<string, { readonly extensions: readonly string[]; readonly write: Write }>> = {
  safetensors: {
    extensions: ['.safetensors'],
    // readers of the field look for it: names and layout are PyTorch's
    write: (tensors, metadata) => writeSafetensors(tensors, { format: 'pt', ...metadata }),
  },
  pth: { extensions: ['.pth', '.pt', '.bin', '.ckpt'], write: writeTorch },
  npz: { extensions: ['.npz'], write: writeNpz },
};

/** `limbeck convert SOURCE TARGET`: weights in another format, under other names, in another element type. */
export async function convert(io: Io, options: ConvertOptions): Promise<void> {
  const { source, dtype, entry, force } = options;
  const file = path.resolve(io.cwd, options.target);
  const format = options.to === undefined ? formatOf(file) : namedFormat(options.to);
  const rename = (options.rename ?? []).map(readRule);
  const float = dtype === undefined ? undefined : floatType(dtype);
  if (force !== true) refuseExisting(file, 'choose another file, or overwrite it with --force');
  const opened = openWeightsFile(path.resolve(io.cwd, source), { entry });
  const renamed = renameAll(opened.tensors, rename, source);
  const tensors = float === undefined ? renamed : castFloats(renamed, float);
  const content = formats[format]!.write(tensors, opened.metadata);
  writeAtomically(file, content, { elsewhere: 'choose another file' });
  if (options.json) {
    printJson(io, { file, format, bytes: content.length, tensors: tensors.size, from: opened.format });
  } else print(io, `${file} (${plural(tensors.size, 'tensor')}, ${bytes(content.length)})`);
}

function formatOf(file: string): string {
  const extension = path.extname(file).toLowerCase();
  const found = Object.entries(formats).find(([, { extensions }]) => extensions.includes(extension));
  if (found !== undefined) return found[0];
  const known = Object.values(formats).flatMap(({ extensions }) => extensions);
  throw new LimbeckError(
    'USAGE',
    `${path.basename(file)} does not say its format; known: ${known.join(', ')}`,
    {
      hint:
        extension === '.onnx'
          ? "weights alone make no ONNX model: 'limbeck export' writes one of a trained student"
          : `name the format with --to: ${Object.keys(formats).join(', ')}`,
    },
  );
}

function namedFormat(format: string): string {
  const known = Object.keys(formats);
  if (known.includes(format)) return format;
  throw new LimbeckError('USAGE', `weights are not written as '${format}'; known: ${known.join(', ')}`, {
    hint: didYouMean(format, known) ?? "'limbeck export' writes whole models",
  });
}

/** `PATTERN=REPLACEMENT`; a pattern may hold signs of equality itself, as `(?=...)` does. */
function readRule(text: string): Rename[number] {
  const at = text.lastIndexOf('=');
  const [pattern, replacement] = [text.slice(0, at), text.slice(at + 1)];
  const fail = (what: string, cause?: unknown): never => {
    throw new LimbeckError('USAGE', `--rename ${text}: ${what}`, {
      hint: "write a regular expression and what takes its place: --rename '^backbone[.]='",
      cause,
    });
  };
  if (at < 1) fail('expected PATTERN=REPLACEMENT');
  try {
    new RegExp(pattern);
  } catch (cause) {
    fail((cause as Error).message, cause);
  }
  return [pattern, replacement];
}

function floatType(dtype: string): FloatType {
  const found = floatTypes.find((type) => type === dtype);
  if (found !== undefined) return found;
  throw new LimbeckError('USAGE', `--dtype ${dtype} is no type of floats; known: ${floatTypes.join(', ')}`, {
    hint: didYouMean(dtype, floatTypes),
  });
}

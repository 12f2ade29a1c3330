import { byteSize, elementBytes, isCount } from '../element-types.js';
import { FormatError, type ReadOptions } from '../errors.js';
import { openProto } from '../protobuf/reader.js';
import { type Beside, checkedName } from '../weights/index-file.js';
import { elementType } from './decode-tensor.js';
import { fields } from './numbers.js';
import { lengthField, type RawField, rawFields } from './raw-fields.js';
import { refuseWeightsAlone } from './refuse-weights.js';

/** How an `.onnx` file is made whole. */
export interface SelfContainedOptions extends ReadOptions {
  /** Reads files beside the model's. Absent: a model that needs one is refused. */
  readonly beside?: Beside | undefined;
}

/** What a protobuf message can hold at most, as all its readers have it. */
const mostBytes = 2 ** 31 - 1;

/**
 * An `.onnx` file that needs no other: weights kept beside it, as PyTorch's exporter writes them since 2.9, are put into
 * it. Weights that are listed among the inputs too, as older exporters have them, are inputs no longer, so that the runtime
 * takes them for constants. All the rest stays bit by bit; a file that needs none of this is given back as it is.
 *
 * @throws FormatError BAD_FILE where a file beside it is outside its folder, or is too short
 */
export function selfContained(bytes: Uint8Array, options: SelfContainedOptions = {}): Uint8Array {
  const source = options.source ?? 'ONNX data';
  refuseWeightsAlone(bytes, source);
  const files = new Files(source, options.beside);
  let isChanged = false;
  const parts = [...rawFields(bytes, source)].flatMap((field) => {
    if (field.number !== fields.model.graph) return [field.whole];
    const graph = gatherGraph(field.content, source, files);
    if (graph === undefined) return [field.whole];
    isChanged = true;
    return lengthField(fields.model.graph, graph);
  });
  if (!isChanged) return bytes;
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size > mostBytes) {
    throw new FormatError('BAD_FILE', `${source}: with its weights it takes ${size} bytes, over 2 GiB`, {
      hint: 'export it in float16, or use the weights with a backbone',
      details: { source },
    });
  }
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The parts of a graph that needs no other file; nothing where it is one already. */
function gatherGraph(bytes: Uint8Array, source: string, files: Files): Uint8Array[] | undefined {
  const all = [...rawFields(bytes, source)];
  const initialized = new Set(
    all.flatMap((field) =>
      field.number === fields.graph.initializer ? [nameIn(field, fields.tensor.name, source)] : [],
    ),
  );
  let isChanged = false;
  const parts = all.flatMap((field) => {
    if (field.number === fields.graph.input && initialized.has(nameIn(field, fields.value.name, source))) {
      isChanged = true;
      return [];
    }
    const tensor =
      field.number === fields.graph.initializer ? gatherTensor(field.content, source, files) : undefined;
    if (tensor === undefined) return [field.whole];
    isChanged = true;
    return lengthField(fields.graph.initializer, tensor);
  });
  return isChanged ? parts : undefined;
}

const nameIn = ({ content }: RawField, number: number, source: string): string => {
  let name = '';
  for (const field of rawFields(content, source)) {
    if (field.number === number) name = new TextDecoder().decode(field.content);
  }
  return name;
};

/** The parts of a tensor with its values; nothing where it has them. */
function gatherTensor(bytes: Uint8Array, source: string, files: Files): Uint8Array[] | undefined {
  const kept: Uint8Array[] = [];
  const entries = new Map<string, string>();
  const { dataLocation, externalData, rawData } = fields.tensor;
  let isExternal = false;
  for (const field of rawFields(bytes, source)) {
    if (field.number === dataLocation) isExternal ||= field.whole.at(-1) === 1;
    else if (field.number === externalData) {
      isExternal = true;
      const [key, value] = entryIn(field.content, source);
      entries.set(key, value);
    } else if (field.number !== rawData) kept.push(field.whole);
  }
  if (!isExternal) return undefined;
  return [...kept, ...lengthField(rawData, [files.part(entries, describe(bytes, source))])];
}

const entryIn = (bytes: Uint8Array, source: string): [string, string] => {
  const [key, value] = [fields.entry.key, fields.entry.value].map((number) => {
    const found = [...rawFields(bytes, source)].find((field) => field.number === number);
    return new TextDecoder().decode(found?.content);
  });
  return [key!, value!];
};

interface Described {
  readonly name: string;
  /** That its values take. */
  readonly bytes: number;
}

/** Name and size of a tensor. */
function describe(bytes: Uint8Array, source: string): Described {
  const reader = openProto(bytes, { source });
  let name = '';
  let number = 0;
  const dims: (number | bigint)[] = [];
  while (reader.next()) {
    if (reader.field === fields.tensor.dims) reader.ints(dims);
    else if (reader.field === fields.tensor.dataType) number = reader.int32();
    else if (reader.field === fields.tensor.name) name = reader.string();
  }
  const dtype = elementType(reader, number, `the tensor '${name}'`);
  if (dtype === 'string') return reader.fail(`the tensor '${name}' holds strings, which are not read`);
  const size = dims.every(isCount) ? byteSize(dims, elementBytes(dtype)) : undefined;
  return size === undefined
    ? reader.fail(`the tensor '${name}' has the impossible shape [${dims.join(', ')}]`)
    : { name, bytes: size };
}

/** Files beside a model, each read once. */
class Files {
  readonly #source: string;
  readonly #beside: Beside | undefined;
  readonly #read = new Map<string, Uint8Array>();

  constructor(source: string, beside: Beside | undefined) {
    this.#source = source;
    this.#beside = beside;
  }

  /** The values of a tensor. */
  part(entries: ReadonlyMap<string, string>, { name, bytes }: Described): Uint8Array {
    const location = checkedName(entries.get('location') ?? '', (what) =>
      this.#fail(`tensor '${name}': ${what}`),
    );
    if (this.#beside === undefined) {
      return this.#fail(`the tensor '${name}' is kept in '${location}', which is not at hand`);
    }
    const file = this.#read.get(location) ?? this.#beside(location);
    this.#read.set(location, file);
    const offset = this.#count(entries.get('offset') ?? '0', name);
    const length = this.#count(entries.get('length') ?? String(bytes), name);
    if (length !== bytes)
      this.#fail(`the tensor '${name}' needs ${bytes} bytes, ${length} are said of '${location}'`);
    if (offset + length > file.length) {
      this.#fail(
        `the tensor '${name}' is bytes ${offset} to ${offset + length} of '${location}', which has ${file.length}`,
      );
    }
    return file.subarray(offset, offset + length);
  }

  #count(text: string, name: string): number {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    return value >= 0 ? value : this.#fail(`the tensor '${name}' is at '${text.slice(0, 40)}' of a file`);
  }

  #fail(what: string): never {
    throw new FormatError('BAD_FILE', `${this.#source}: ${what}`, {
      hint: 'keep the files that were exported together in one folder',
      details: { source: this.#source },
    });
  }
}

import { FormatError } from '../errors.js';
import { type JsonValue, parseJson } from '../json.js';
import type { FileTensor, WeightsFile } from './file.js';

/** Gives the bytes of a file in the folder of the one that is read, by its name there. */
export type Beside = (name: string) => Uint8Array;

/** Whether bytes are a JSON index of shards, as `model.safetensors.index.json` is. */
export function isIndex(bytes: Uint8Array): boolean {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 1 << 12)).trimStart();
  return start.startsWith('{') && start.includes('"weight_map"');
}

/** Shards of one set of weights; the largest published ones have some hundred. */
const mostShards = 1024;

/**
 * Reads weights that are spread over several files, by the index that says which tensor is where.
 *
 * @param open opens a shard
 * @throws FormatError BAD_FILE where the index makes no sense, a shard is missing or lacks a tensor, or names lie outside the
 * folder
 */
export function readIndex(
  bytes: Uint8Array,
  {
    source,
    beside,
    open,
  }: { source: string; beside: Beside | undefined; open: (bytes: Uint8Array, source: string) => WeightsFile },
): WeightsFile {
  const fail = (what: string, hint?: string): never => {
    throw new FormatError('BAD_FILE', `${source}: ${what}`, { hint, details: { source } });
  };
  const places = placesOf(parseJson(new TextDecoder().decode(bytes), source), fail);
  if (beside === undefined) return fail('the files it is an index of are not at hand', 'name a file on disk');
  const shards = new Map<string, WeightsFile>();
  for (const file of new Set(places.values())) shards.set(file, open(beside(checkedName(file, fail)), file));
  const tensors = new Map<string, FileTensor>();
  const metadata: Record<string, string> = Object.create(null);
  for (const shard of shards.values()) {
    for (const [key, value] of Object.entries(shard.metadata)) metadata[key] = value;
  }
  for (const [name, file] of places) {
    const tensor = shards.get(file)!.tensors.get(name);
    tensors.set(
      name,
      tensor ?? fail(`'${file}' lacks the tensor '${name}'`, 'fetch or copy the files again'),
    );
  }
  const [first] = shards.values();
  return { format: first?.format ?? 'safetensors', tensors, metadata };
}

function placesOf(value: JsonValue, fail: (what: string) => never): Map<string, string> {
  const map = value instanceof Map ? (value as ReadonlyMap<string, JsonValue>).get('weight_map') : undefined;
  if (!(map instanceof Map)) return fail("it has no object 'weight_map'");
  const places = new Map<string, string>();
  for (const [name, file] of map as ReadonlyMap<string, JsonValue>) {
    if (typeof file !== 'string') return fail(`'${name}' is in no file`);
    places.set(name, file);
  }
  const files = new Set(places.values()).size;
  if (files === 0 || files > mostShards) return fail(`it names ${files} files; 1 to ${mostShards} are read`);
  return places;
}

/**
 * A name that a file gives to another one beside it: relative, and inside the folder.
 *
 * @throws whatever `fail` does
 */
export function checkedName(name: string, fail: (what: string) => never): string {
  const parts = name.split('/');
  const isInside =
    name !== '' &&
    !/[\\:\0]/.test(name) &&
    parts.every((part, i) => part !== '..' && (part !== '' || (i === parts.length - 1 && i > 0)));
  return isInside ? name : fail(`it refers to the file '${name.slice(0, 200)}', which is outside its folder`);
}

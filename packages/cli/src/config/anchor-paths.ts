import path from 'node:path';

/** Values that are paths, by where they stand; a section may be a list of such sections. */
const places: readonly (readonly string[])[] = [
  ['teacher', 'weights'],
  ['teacher', 'weights', 'file'],
  ['teacher', 'weights', 'run'],
  ['teacher', 'onnx'],
  ['teacher', 'cache', 'dir'],
  ['teacher', 'calibration', 'dir'],
  ['student', 'weights'],
  ['student', 'weights', 'file'],
  ['student', 'weights', 'run'],
  ['data', 'dir'],
  ['data', 'cache', 'dir'],
];

/** A file on the model hub, which is in no folder here. */
const isHubName = (name: string): boolean => name.startsWith('hf:');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy of a layer with its paths made absolute: a path is meant from the folder of the file it is written in. */
export function anchorPaths(layer: unknown, folder: string): unknown {
  if (!isRecord(layer)) return layer;
  const anchored = places.reduce<unknown>((part, place) => anchorAt(part, place, folder), layer) as Record<
    string,
    unknown
  >;
  if (!Array.isArray(anchored.plugins)) return anchored;
  return { ...anchored, plugins: anchored.plugins.map((plugin) => anchorPlugin(plugin, folder)) };
}

function anchorAt(part: unknown, [key, ...rest]: readonly string[], folder: string): unknown {
  if (key === undefined)
    return typeof part === 'string' && !isHubName(part) ? path.resolve(folder, part) : part;
  if (Array.isArray(part)) return part.map((one) => anchorAt(one, [key, ...rest], folder));
  if (!isRecord(part) || part[key] === undefined) return part;
  return { ...part, [key]: anchorAt(part[key], rest, folder) };
}

/** Plugins are packages by name, or files by a path that begins with a dot. */
function anchorPlugin(listed: unknown, folder: string): unknown {
  if (Array.isArray(listed)) return listed.map((part, i) => (i === 0 ? anchorPlugin(part, folder) : part));
  return typeof listed === 'string' && listed.startsWith('.') ? path.resolve(folder, listed) : listed;
}

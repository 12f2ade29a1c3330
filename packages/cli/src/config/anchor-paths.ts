import path from 'node:path';

/** Values that are paths, by where they stand: a section, or each element of a list of them. */
const places: readonly (readonly [section: string, key: string])[] = [
  ['teacher', 'weights'],
  ['teacher', 'onnx'],
  ['student', 'weights'],
  ['data', 'dir'],
];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy of a layer with its paths made absolute: a path is meant from the folder of the file it is written in. */
export function anchorPaths(layer: unknown, folder: string): unknown {
  if (!isRecord(layer)) return layer;
  const anchored: Record<string, unknown> = { ...layer };
  for (const [section, key] of places) {
    const part = anchored[section];
    anchored[section] = Array.isArray(part)
      ? part.map((one) => anchorKey(one, key, folder))
      : anchorKey(part, key, folder);
    if (part === undefined) delete anchored[section];
  }
  if (Array.isArray(anchored.plugins))
    anchored.plugins = anchored.plugins.map((plugin) => anchorPlugin(plugin, folder));
  return anchored;
}

function anchorKey(part: unknown, key: string, folder: string): unknown {
  if (!isRecord(part) || typeof part[key] !== 'string') return part;
  return { ...part, [key]: path.resolve(folder, part[key]) };
}

/** Plugins are packages by name, or files by a path that begins with a dot. */
function anchorPlugin(listed: unknown, folder: string): unknown {
  if (Array.isArray(listed)) return listed.map((part, i) => (i === 0 ? anchorPlugin(part, folder) : part));
  return typeof listed === 'string' && listed.startsWith('.') ? path.resolve(folder, listed) : listed;
}

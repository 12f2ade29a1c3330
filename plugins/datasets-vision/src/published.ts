import path from 'node:path';
import { type Dataset, type DatasetContext, defineDataset, type PublishedFile } from '@limbeck/core';
import { z } from 'zod';
import { type IdxLayout, openIdxDataset } from './idx-dataset.js';

const options = z.strictObject({
  /** A folder that holds the four files, gzipped or not; relative to the working directory. Default: as fetched. */
  path: z.string().min(1).optional(),
});

/** Options of a data set that is fetched. */
export type PublishedOptions = z.output<typeof options>;

/** The published files, each at every publisher under its own name. */
export function publishedFiles(
  publishers: readonly string[],
  files: readonly (readonly [name: string, size: number, sha256: string])[],
): PublishedFile[] {
  return files.map(([name, size, sha256]) => ({
    name,
    size,
    sha256,
    urls: publishers.map((publisher) => `${publisher}/${name}`),
  }));
}

/** A published data set in four IDX files, looked for under `path`, else as fetched, else in `fallbacks`. */
export function publishedIdxDataset(
  layout: IdxLayout,
  about: { description: string; files: readonly PublishedFile[]; fallbacks: readonly string[] },
): Dataset<PublishedOptions> {
  const { id } = layout;
  return defineDataset({
    id,
    description: about.description,
    options,
    files: about.files,
    open(given: PublishedOptions, { dataDir }: DatasetContext) {
      if (given.path !== undefined) {
        const folder = path.resolve(given.path);
        return openIdxDataset(layout, [folder], `put its four files there, or leave 'path' out`);
      }
      const hint = `run 'limbeck data fetch ${id}', or name the folder that holds its files with the option 'path'`;
      return openIdxDataset(layout, [path.join(dataDir, id), ...about.fallbacks], hint);
    },
  });
}

import path from 'node:path';
import type { ResolvedConfig } from '@limbeck/core/host';
import { openPictureCache, type PreparedDataset, prepareDataset, type RunDataset } from '@limbeck/data';
import type { RunParts } from './find-parts.js';

/** Where indexes of files and what was measured of data sets are kept, beside those that were fetched. */
export const dataCache = (dataDir: string): string => path.join(dataDir, '.cache');

/** What of a run decides about its data. */
export type DataParts = Pick<RunParts, 'dataset' | 'augment' | 'evaluation'>;

/** Opens the data set and makes it ready for a run: splits, sizes, normalisation, threads, as the configuration says. */
export async function prepareData(
  config: Pick<ResolvedConfig, 'data'>,
  { dataset, augment, evaluation }: DataParts,
  dataDir: string,
  report: (line: string) => void = () => undefined,
): Promise<PreparedDataset> {
  const cacheDir = dataCache(dataDir);
  const opened = await dataset.contribution.open(dataset.options, { dataDir, cacheDir, report });
  const { imageSize, normalization, split, subset, evaluateOn, workers, prefetch, onError, cache } =
    config.data;
  return prepareDataset(opened, {
    id: dataset.contribution.id,
    ...{ augment, evaluation, imageSize, normalization, split, subset, evaluateOn },
    ...{ workers, prefetch, onError, cacheDir, report },
    ...(cache && {
      cache: openPictureCache(cache.dir ?? path.join(cacheDir, 'pictures'), cache.size * 1e9),
    }),
  });
}

/** The data set alone. */
export const openData = async (
  config: ResolvedConfig,
  parts: DataParts,
  dataDir: string,
): Promise<RunDataset> => (await prepareData(config, parts, dataDir)).dataset;

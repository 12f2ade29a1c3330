import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { type Dataset, LimbeckError, type PublishedFile } from '@limbeck/core';
import { download } from './download.js';
import { checkFile } from './verify.js';
import { writing } from './write.js';

/** How far one file has come. */
export interface FetchProgress {
  /** Name of the file, as the data set declares it. */
  readonly name: string;
  /** Bytes on disk so far, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes of the whole file. */
  readonly size: number;
}

/** How {@link fetchDataset} downloads the files of a data set. */
export interface FetchOptions {
  /** The folder that holds fetched data sets; the files go to `<dataDir>/<id>/`. */
  readonly dataDir: string;
  /** Called after every chunk. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Stops the download; what has arrived is kept, and the next call continues it. */
  readonly signal?: AbortSignal;
  /** A mirror that holds the files by name: asked instead of the published addresses. */
  readonly baseUrl?: string;
  /** Seconds without a byte after which a server is given up. Default 60. */
  readonly idleTimeout?: number;
}

/** A file that is there and whole. */
export interface FetchedFile {
  readonly name: string;
  readonly path: string;
  /** `present` when it was there already. */
  readonly status: 'present' | 'downloaded';
}

/**
 * Brings the published files of a data set, each checked against its declared size and SHA-256.
 *
 * A file grows as `NAME.part` and takes its name only when it is whole and right, so a file under its own name is never
 * half of one. An interrupted download continues where it stopped. Good files that are there are left alone; a file
 * that is there but wrong is reported and left for its owner to remove.
 *
 * @returns one entry a file, in the declared order; none for a bundled data set
 * @throws LimbeckError `BAD_DATA` (a wrong file is in the way, or the data set declares one badly), `DOWNLOAD_FAILED`
 *   (no address gave the file: each with its fault), `BAD_FILE`, `WRITE_FAILED`, `INTERRUPTED` (the signal)
 */
export async function fetchDataset(
  dataset: Pick<Dataset, 'id' | 'files'>,
  options: FetchOptions,
): Promise<FetchedFile[]> {
  for (const file of dataset.files) checkDeclaration(dataset.id, file);
  const folder = path.join(options.dataDir, dataset.id);
  const fetched: FetchedFile[] = [];
  try {
    for (const file of dataset.files) fetched.push(await fetchFile(file, folder, options));
  } catch (error) {
    if (!options.signal?.aborted) throw error;
    throw new LimbeckError('INTERRUPTED', `fetching ${dataset.id} was interrupted`, {
      hint: 'fetch again to continue where it stopped',
    });
  }
  return fetched;
}

async function fetchFile(file: PublishedFile, folder: string, options: FetchOptions): Promise<FetchedFile> {
  const { name, size } = file;
  const { signal, onProgress, baseUrl, idleTimeout = 60 } = options;
  signal?.throwIfAborted();
  const destination = path.join(folder, name);
  const state = await checkFile(destination, file, signal);
  if (state.kind === 'good') return { name, path: destination, status: 'present' };
  if (state.kind === 'wrong') {
    throw new LimbeckError('BAD_DATA', `${destination} is not the published file: ${state.difference}`, {
      hint: 'move or delete it, then fetch again',
      details: { path: destination },
    });
  }
  const part = `${destination}.part`;
  const mirror =
    baseUrl === undefined ? undefined : `${baseUrl.replace(/\/+$/, '')}/${encodeURIComponent(name)}`;
  await writing(folder, () => mkdir(folder, { recursive: true }));
  await download(mirror === undefined ? file.urls : [mirror], {
    file,
    part,
    idleTimeout,
    signal,
    onReceived: (received) => onProgress?.({ name, received, size }),
  });
  await writing(destination, () => rename(part, destination));
  return { name, path: destination, status: 'downloaded' };
}

/** A data set writes nowhere but into its own folder, and says what the bytes must be. */
function checkDeclaration(id: string, { name, size, sha256 }: PublishedFile): void {
  const isSegment = (text: string) => !['', '.', '..'].includes(text) && !/[/\\]/.test(text);
  const fault =
    !isSegment(id) || !isSegment(name)
      ? 'lies outside its own folder'
      : !Number.isSafeInteger(size) || size <= 0
        ? `has the size ${size}`
        : !/^[0-9a-f]{64}$/.test(sha256)
          ? `has the SHA-256 '${sha256}'`
          : undefined;
  if (fault === undefined) return;
  throw new LimbeckError('BAD_DATA', `data set '${id}' declares a file '${name}' that ${fault}`, {
    hint: 'report this to the author of the plugin that contributes it',
  });
}

import { createHash } from 'node:crypto';
import path from 'node:path';
import type { FilePart, Split, Targets } from '@limbeck/core';
import { isPictureName, kept, looksDamaged } from '@limbeck/formats';

/** A picture of an archive, with its bytes as they are encoded. */
export interface ArchivedPicture {
  /** Path inside the archive. */
  readonly name: string;
  readonly place: FilePart & { readonly offset: number; readonly length: number };
  readonly bytes: Uint8Array;
}

/** The pictures of an archive in columns, so that a million take little memory. */
export interface ArchiveListing {
  readonly names: readonly string[];
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  /** Bytes that each unpacks to; 0 where it is not packed. */
  readonly inflated: readonly number[];
  /** 1 where a picture looks damaged. */
  readonly marks: readonly number[];
  /** 32 digits of the SHA-256 of each, one after the other. */
  readonly hashes: string;
}

const digits = 32;

/**
 * Lists the pictures of an archive, once for its content.
 *
 * @param hash of the archive
 */
export function listPictures(
  pictures: () => Iterable<ArchivedPicture>,
  { hash, cacheDir }: { readonly hash: string; readonly cacheDir: string | undefined },
): Promise<ArchiveListing> {
  return kept(cacheDir && path.join(cacheDir, 'indexes', `${hash}.pictures.json`), async () => {
    const listing = {
      names: [] as string[],
      offsets: [] as number[],
      lengths: [] as number[],
      inflated: [] as number[],
      marks: [] as number[],
    };
    const hashes: string[] = [];
    for (const { name, place, bytes } of pictures()) {
      if (!isPictureName(name)) continue;
      listing.names.push(name);
      listing.offsets.push(place.offset);
      listing.lengths.push(place.length);
      listing.inflated.push(place.inflated ?? 0);
      listing.marks.push(looksDamaged(bytes, bytes.length));
      hashes.push(createHash('sha256').update(bytes).digest('hex').slice(0, digits));
    }
    return { ...listing, hashes: hashes.join('') };
  });
}

/** A split of some pictures of an archive, in the given order. */
export function listedSplit(
  file: string,
  listing: ArchiveListing,
  pictures: readonly number[],
  targets: Targets,
): Split {
  const { names, offsets, lengths, inflated, marks, hashes } = listing;
  return {
    length: pictures.length,
    targets,
    open(index) {
      const picture = pictures[index]!;
      const place = { file, offset: offsets[picture]!, length: lengths[picture]! };
      return inflated[picture] === 0 ? place : { ...place, inflated: inflated[picture]! };
    },
    nameOf: (index) => `${file}: ${names[pictures[index]!]}`,
    hashOf: (index) => hashes.slice(digits * pictures[index]!, digits * (pictures[index]! + 1)),
    suspects: pictures.flatMap((picture, index) => (marks[picture] === 0 ? [] : index)),
  };
}

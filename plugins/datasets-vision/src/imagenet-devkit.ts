import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type MatlabStruct, readMatlab, tarEntries } from '@limbeck/formats';
import { badData } from './idx.js';

const folder = 'ILSVRC2012_devkit_t12';
const files = { meta: 'data/meta.mat', truth: 'data/ILSVRC2012_validation_ground_truth.txt' } as const;
/** Bytes that the archive unpacks to, at most. */
const largest = 64 << 20;

/**
 * The classes of the validation pictures in the order of their names, from the development kit that ImageNet publishes: its
 * archive or the folder it was unpacked to. The kit numbers classes in an order of its own, and a table gives their ids.
 *
 * @returns undefined where there is no kit
 * @throws LimbeckError BAD_DATA naming the file
 */
export async function validationWnids(root: string): Promise<readonly string[] | undefined> {
  const kit = (await unpackedKit(root)) ?? (await packedKit(root));
  if (kit === undefined) return undefined;
  const wnidOf = wnidsOf(kit.meta, `${kit.place}: ${files.meta}`);
  const lines = Buffer.from(kit.truth)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim());
  return lines.filter(Boolean).map((line, i) => {
    const wnid = wnidOf.get(Number(line));
    if (wnid !== undefined) return wnid;
    throw badData(`${kit.place}: ${files.truth}`, `has '${line}' in line ${i + 1}, which is no class`);
  });
}

interface Kit {
  readonly place: string;
  readonly meta: Uint8Array;
  readonly truth: Uint8Array;
}

async function unpackedKit(root: string): Promise<Kit | undefined> {
  const place = path.join(root, folder);
  try {
    const [meta, truth] = [
      await readFile(path.join(place, files.meta)),
      await readFile(path.join(place, files.truth)),
    ];
    return { place, meta, truth };
  } catch {
    return undefined;
  }
}

async function packedKit(root: string): Promise<Kit | undefined> {
  const place = path.join(root, `${folder}.tar.gz`);
  const packed = await readFile(place).catch(() => undefined);
  if (packed === undefined) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = await promisify(gunzip)(packed, { maxOutputLength: largest });
  } catch (cause) {
    throw badData(place, `is no archive of the development kit: ${(cause as Error).message}`, cause);
  }
  const found = new Map<string, Uint8Array>();
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  for (const { name, offset, size } of tarEntries(read, { source: place, length: bytes.length })) {
    found.set(name, bytes.subarray(offset, offset + size));
  }
  const [meta, truth] = [found.get(`${folder}/${files.meta}`), found.get(`${folder}/${files.truth}`)];
  if (meta !== undefined && truth !== undefined) return { place, meta, truth };
  throw badData(place, `has no ${folder}/${meta === undefined ? files.meta : files.truth}`);
}

/** Ids of the classes by the numbers that the kit gives them. */
function wnidsOf(meta: Uint8Array, source: string): ReadonlyMap<number, string> {
  const table = readMatlab(meta, { source }).get('synsets') as MatlabStruct | undefined;
  const [numbers, wnids] = [table?.fields?.get('ILSVRC2012_ID'), table?.fields?.get('WNID')];
  if (numbers === undefined || wnids === undefined) throw badData(source, 'has no table of classes');
  return new Map(
    numbers.map((number, i) => {
      const [value, wnid] = [Array.isArray(number) ? number[0] : undefined, wnids[i]];
      if (typeof value === 'number' && typeof wnid === 'string') return [value, wnid];
      throw badData(source, `has no number or id in row ${i + 1} of its classes`);
    }),
  );
}

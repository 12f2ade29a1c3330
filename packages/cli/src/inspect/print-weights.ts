import { elementBytes, type WeightsFile } from '@limbeck/formats';
import { sizeOf } from '@limbeck/graph';
import { openWeightsFile } from '@limbeck/trainer';
import type { Io } from '../io.js';
import { bytes, count, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';
import { visible } from '../output/visible.js';

/** What a file of weights holds: `limbeck inspect FILE`. Values are not looked at. */
export function inspectWeights(
  io: Io,
  file: string,
  entries: readonly string[],
  options: { readonly json?: boolean | undefined },
): void {
  const { format, tensors, metadata, unread } = openEntries(file, entries);
  const listed = [...tensors].map(([name, { dtype, shape }]) => {
    const elements = sizeOf(shape);
    return { name, dtype, shape, elements, bytes: elements * elementBytes(dtype) };
  });
  const elements = listed.reduce((sum, tensor) => sum + tensor.elements, 0);
  const size = listed.reduce((sum, tensor) => sum + tensor.bytes, 0);
  if (options.json) {
    const parts = entries.length > 1 ? { entries } : {};
    printJson(io, {
      ...{ file, format, ...parts, elements, bytes: size, tensors: listed },
      metadata: { ...metadata },
      ...(unread.length > 0 && { unread }),
    });
    return;
  }
  const columns = [
    { head: 'tensor' },
    { head: 'type' },
    { head: 'shape' },
    { head: 'elements', align: 'right' },
    { head: 'size', align: 'right' },
  ] as const;
  const rows = listed.map((tensor) => [
    visible(tensor.name),
    tensor.dtype,
    tensor.shape.join(' x ') || 'scalar',
    count(tensor.elements),
    bytes(tensor.bytes),
  ]);
  const said = Object.entries(metadata).map((entry) => entry.map(visible));
  print(
    io,
    `${file}: ${format}, ${plural(listed.length, 'tensor')}, ${count(elements)} elements, ${bytes(size)}`,
    ...(entries.length > 1 ? [`several models: entry is one of ${entries.map(visible).join(', ')}`] : []),
    ...unread.map(([name, maker]) => `${visible(name)} is made by ${visible(maker)}, which is not run`),
    '',
    table(columns, rows),
    ...(said.length === 0 ? [] : [table([{ head: 'says' }, { head: '' }], said)]),
  );
}

/** Everything a file holds; where it holds several models, names have the entry in front. */
function openEntries(
  file: string,
  entries: readonly string[],
): Pick<WeightsFile, 'format' | 'tensors' | 'metadata'> & { unread: [string, string][] } {
  const opened = entries.map((entry) => ({
    prefix: entries.length > 1 ? `${entry}: ` : '',
    ...openWeightsFile(file, entries.length > 1 ? { entry } : {}),
  }));
  const inFront = <T>(of: (one: (typeof opened)[number]) => Iterable<readonly [string, T]>): [string, T][] =>
    opened.flatMap((one) =>
      [...of(one)].map(([name, value]): [string, T] => [`${one.prefix}${name}`, value]),
    );
  const [first] = opened;
  return {
    format: first?.format ?? 'pth',
    tensors: new Map(inFront(({ tensors }) => tensors)),
    metadata: opened.length > 1 ? {} : (first?.metadata ?? {}),
    unread: inFront(({ unread }) => unread ?? []),
  };
}

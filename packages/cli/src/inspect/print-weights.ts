import { elementBytes } from '@limbeck/formats';
import { sizeOf } from '@limbeck/graph';
import { openWeightsFile } from '@limbeck/trainer';
import type { Io } from '../io.js';
import { bytes, count, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';
import { visible } from '../output/visible.js';

/** What a file of weights holds: `limbeck inspect FILE`. Values are not looked at. */
export function inspectWeights(io: Io, file: string, options: { readonly json?: boolean | undefined }): void {
  const { format, tensors, metadata } = openWeightsFile(file);
  const listed = [...tensors].map(([name, { dtype, shape }]) => {
    const elements = sizeOf(shape);
    return { name, dtype, shape, elements, bytes: elements * elementBytes(dtype) };
  });
  const elements = listed.reduce((sum, tensor) => sum + tensor.elements, 0);
  const size = listed.reduce((sum, tensor) => sum + tensor.bytes, 0);
  if (options.json) {
    printJson(io, { file, format, elements, bytes: size, tensors: listed, metadata: { ...metadata } });
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
    '',
    table(columns, rows),
    ...(said.length === 0 ? [] : [table([{ head: 'says' }, { head: '' }], said)]),
  );
}

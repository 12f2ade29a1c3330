import { formatShape } from '@limbeck/graph';
import type { ModelSummary } from '@limbeck/trainer';
import type { ConfigKey } from '../config/reference.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, engineering } from '../output/numbers.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';

/** The options, layers and taps of a model as tables. Shapes are those of one image. */
export function printModel(
  io: Io,
  { id, options, image, classes, layers, taps, parameters, buffers, macs }: ModelSummary,
  keys: readonly ConfigKey[],
): void {
  const { bold, dim } = colorsFor(io.env, io.stdout);
  print(io, `${bold(id)} for images ${image.join('x')} and ${classes} classes`, '');
  if (keys.length > 0) {
    const rows = keys.map(({ path, type, meaning }) => [path, String(options[path] ?? ''), type, meaning]);
    print(io, table([{ head: 'option' }, { head: 'is' }, { head: 'takes' }, { head: '' }], rows), '');
  }
  const columns = [
    { head: 'layer' },
    { head: 'result' },
    { head: 'parameters', align: 'right' as const },
    { head: 'multiply-accumulates', align: 'right' as const },
  ];
  const rows = layers.map((layer) => [
    layer.path === '' ? '(no layer)' : layer.path,
    ofOneImage(layer.shape),
    count(layer.parameters),
    layer.macs === 0 ? '' : count(layer.macs),
  ]);
  print(io, table(columns, rows));
  print(
    io,
    '',
    table(
      [{ head: 'tap' }, { head: 'shape' }],
      taps.map(({ name, shape }) => [name, ofOneImage(shape)]),
    ),
  );
  print(io, dim('the paths of layers are taps too'), '');
  print(
    io,
    `${count(parameters)} parameters, ${count(buffers)} further values, ${engineering(macs)} multiply-accumulates`,
  );
}

/** A shape without its batch. */
const ofOneImage = (shape: readonly number[]): string => formatShape(shape.slice(1));

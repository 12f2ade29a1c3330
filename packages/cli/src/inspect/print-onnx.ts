import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, plural } from '../output/numbers.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { visible } from '../output/visible.js';
import type { OnnxDescription, OnnxTensorFacts } from './describe-onnx.js';

/** What a model from a file is made of, for people. */
export function printOnnx(io: Io, model: OnnxDescription): void {
  const { bold, dim, yellow } = colorsFor(io.env, io.stdout);
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${visible(domain)} ${version}`);
  const made = model.producer === '' ? '' : `, made by ${visible(model.producer)}`;
  print(io, `${bold(model.file)}: operators of ${opsets.join(', ')}${made}`, '');
  const section = (head: string, tensors: readonly OnnxTensorFacts[]) => {
    const rows = tensors.map((tensor) => [visible(tensor.name), tensor.dtype ?? '?', shown(tensor)]);
    print(io, table([{ head }, { head: 'type' }, { head: 'shape' }], rows), '');
  };
  section('input', model.inputs);
  section('output', model.outputs);
  const rows = model.tensors.map((tensor) => [
    visible(tensor.name),
    visible(tensor.operator),
    tensor.dtype ?? '?',
    shown(tensor),
  ]);
  const columns = [{ head: 'tensor' }, { head: 'made by' }, { head: 'type' }, { head: 'shape' }];
  print(io, table(columns, rows), '');
  if (model.problem !== undefined) {
    print(io, `${yellow('warning:')} shapes are those the file says: ${model.problem}`, '');
  }
  const says = Object.entries(model.metadata).map((entry) => entry.map(visible));
  if (says.length > 0) print(io, table([{ head: 'says' }, { head: '' }], says), '');
  const operators = Object.entries(model.operators).map(([name, times]) => `${times} ${visible(name)}`);
  print(io, `${count(model.parameters)} parameters; ${operators.join(', ')}`);
  print(io, dim(`any of the ${plural(model.tensors.length, 'tensor')} can be a tap: teacher.taps`));
}

const shown = ({ shape }: OnnxTensorFacts): string =>
  shape === undefined ? '?' : `[${shape.map((size) => visible(String(size ?? '?'))).join(', ')}]`;

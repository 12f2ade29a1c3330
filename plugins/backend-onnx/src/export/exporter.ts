import { type Exporter, findBatchAxes, LimbeckError } from '@limbeck/core';
import { encodeOnnx } from '@limbeck/formats';
import { type Program, verify } from '@limbeck/graph';
import { lower, type PortNames, prepare } from '../lowering/lower.js';
import { opset } from '../lowering/model-builder.js';

const same = (name: string) => name;
const names: PortNames = { input: same, output: same, state: same, next: same };

function check(program: Program): void {
  const refuse = (message: string, hint: string) => {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `'${program.name}' cannot be exported: ${message}`, {
      hint,
    });
  };
  if (program.state.length > 0) {
    const [first] = program.state;
    refuse(
      `it has state, '${first!.name}' first of ${program.state.length}`,
      'bind the state to values (bindState)',
    );
  }
  const outputs = [...program.outputs.keys()];
  const shared = program.inputs
    .map((input) => input.attributes.name as string)
    .find((name) => outputs.includes(name));
  if (shared !== undefined) refuse(`'${shared}' is an input and an output`, 'give the output another name');
}

function write(
  program: Program,
  { metadata = {} }: { readonly metadata?: Readonly<Record<string, string>> },
): Uint8Array {
  verify(program);
  check(program);
  const prepared = prepare(program);
  const target = { portable: true, channelBlock: 0, batchAxis: findBatchAxes(prepared) };
  return encodeOnnx(lower(prepared, { target, names, metadata }));
}

/**
 * A program without state as an `.onnx` file: ONNX's own operators only, batch normalisation folded into convolutions,
 * batches of any size (dimension `batch`). What computes across the batch is refused.
 */
export const onnxExporter = {
  id: 'onnx',
  description: `ONNX, operator set ${opset}, for batches of any size`,
  extension: '.onnx',
  write,
} satisfies Exporter;

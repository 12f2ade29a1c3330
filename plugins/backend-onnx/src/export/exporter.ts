import { LimbeckError } from '@limbeck/core';
import { type Exporter, findBatchAxes, requireStateless } from '@limbeck/core/backend';
import { encodeOnnx } from '@limbeck/formats';
import { leafName, type Program, verify } from '@limbeck/graph';
import { standardKernels } from '../lowering/device-kernels.js';
import { lower, type PortNames, prepare } from '../lowering/lower.js';
import { opset } from '../lowering/model-builder.js';

const same = (name: string) => name;
const names: PortNames = { input: same, output: same, state: same, next: same };

/** The file has one name for each value. */
function requireApart({ name, inputs, outputs }: Program): void {
  const shared = inputs.map(leafName).find((input) => outputs.has(input));
  if (shared === undefined) return;
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `'${name}' cannot be exported: '${shared}' is an input and an output`,
    { hint: 'give the output another name' },
  );
}

function write(
  program: Program,
  { metadata = {} }: { readonly metadata?: Readonly<Record<string, string>> },
): Uint8Array {
  verify(program);
  requireStateless(program);
  requireApart(program);
  const prepared = prepare(program, standardKernels);
  const target = {
    portable: true,
    kernels: standardKernels,
    channelBlock: 0,
    batchAxis: findBatchAxes(prepared),
  };
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

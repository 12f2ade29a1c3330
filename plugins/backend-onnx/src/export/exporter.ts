import { LimbeckError } from '@limbeck/core';
import { type Exporter, findBatchAxes, requireStateless } from '@limbeck/core/backend';
import { encodeOnnx } from '@limbeck/formats';
import { leafName, type Program, verify } from '@limbeck/graph';
import * as z from 'zod';
import { standardKernels } from '../lowering/device-kernels.js';
import { lower, lowestOpset, type PortNames, prepare } from '../lowering/lower.js';
import { newestOpset, oldestOpset } from '../lowering/opset.js';
import { calibrated } from './calibrated.js';
import { inFloat16 } from './float16.js';

const options = z.strictObject({
  opset: z
    .int()
    .min(oldestOpset)
    .max(newestOpset)
    .optional()
    .describe('ONNX operator set. Absent: the lowest that has an operator for everything'),
  dtype: z
    .enum(['float32', 'float16'])
    .default('float32')
    .describe('what weights are kept and computed in; images and results stay float32'),
});

/** What the exporter takes beside its id. */
export type OnnxExportOptions = z.output<typeof options>;

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

/**
 * A program without state as an ONNX model that other tools read.
 *
 * @param options.opset default: the lowest that has an operator for everything
 */
export function exportedModel(
  program: Program,
  {
    opset,
    metadata = {},
  }: { readonly opset?: number | undefined; readonly metadata?: Readonly<Record<string, string>> },
) {
  verify(program);
  requireStateless(program);
  requireApart(program);
  const kernels = standardKernels;
  const target = { portable: true, kernels, channelBlock: 0, opset: opset ?? lowestOpset(program, kernels) };
  const prepared = prepare(program, target);
  return lower(prepared, { target: { ...target, batchAxis: findBatchAxes(prepared) }, names, metadata });
}

/**
 * A program without state as an `.onnx` file: ONNX's own operators only, batch normalisation folded into convolutions,
 * batches of any size (dimension `batch`). What computes across the batch is refused.
 */
export const onnxExporter = {
  id: 'onnx',
  description: 'ONNX, in the lowest operator set that suffices, for batches of any size',
  extension: '.onnx',
  options,
  write(program, { options: { opset, dtype } = options.parse({}), metadata }) {
    const model = exportedModel(program, { opset, metadata });
    return encodeOnnx(dtype === 'float16' ? inFloat16(model) : model);
  },
  calibrate(program, { options: { opset, dtype } = options.parse({}), metadata, calibration }) {
    if (dtype === 'float32') {
      return calibrated(exportedModel(program, { opset, metadata }), program, calibration);
    }
    throw new LimbeckError('CONFIG_INVALID', 'an export in int8 keeps what is not in int8 in float32', {
      hint: `leave dtype '${dtype}' out, or the precision`,
    });
  },
} satisfies Exporter<OnnxExportOptions>;

import { attr, type OnnxAttribute } from '@limbeck/formats';
import type { ModelBuilder } from './model-builder.js';

interface Groups {
  readonly groups: number;
  /** Channels of the input and of the result. */
  readonly inputs: number;
  readonly outputs: number;
}

/** Whether the device computes a convolution in groups as it should. */
function groupsFit({ groups, outputs }: Groups, pack: 1 | 4): boolean {
  const each = outputs / groups;
  const packed = [4, 2, 1].find((size) => size <= pack && outputs % size === 0)!;
  return groups === 1 || each < packed || each % packed === 0;
}

/** A `Conv`, taken apart into one for each group where the device would mix them up. */
export function groupedConvolution(
  model: ModelBuilder,
  operands: readonly [x: string, weight: string, ...bias: string[]],
  channels: Groups,
  attributes: Readonly<Record<string, OnnxAttribute>>,
): string {
  const { groups, inputs, outputs } = channels;
  if (groupsFit(channels, model.target.kernels.groupPack))
    return model.emit('Conv', operands, { ...attributes, group: attr.int(groups) });
  const part = (value: string, axis: number, size: number, group: number) =>
    model.slice(value, [axis], [group * size], [(group + 1) * size]);
  const [x, ...weights] = operands;
  const results = Array.from({ length: groups }, (_, group) =>
    model.emit(
      'Conv',
      [
        part(x, 1, inputs / groups, group),
        ...weights.map((value) => part(value, 0, outputs / groups, group)),
      ],
      attributes,
    ),
  );
  return model.emit('Concat', results, { axis: attr.int(1) });
}

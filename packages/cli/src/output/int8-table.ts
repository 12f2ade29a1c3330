import type { Int8Figures } from '@limbeck/trainer';
import { bytes, percent } from './numbers.js';
import { table } from './table.js';

/** A model in int8 beside itself in float32, and the layers that stay in float32. */
export function int8Table(figures: Int8Figures): string[] {
  const { top1, agreement, bytes: size, latencyMs, layers, float32 } = figures;
  const columns = [
    { head: '' },
    ...(top1 === undefined ? [] : [{ head: 'top-1', align: 'right' as const }]),
    { head: 'agreement', align: 'right' as const },
    { head: 'size', align: 'right' as const },
    { head: 'an image', align: 'right' as const },
  ];
  const row = (name: 'float32' | 'int8', agreed: string) => [
    name,
    ...(top1 === undefined ? [] : [percent(top1[name], 2)]),
    agreed,
    bytes(size[name]),
    `${latencyMs[name].toFixed(2)} ms`,
  ];
  const ratios = `int8 has ${(size.int8 / size.float32).toFixed(2)} of the size and is ${(latencyMs.float32 / latencyMs.int8).toFixed(2)} times as fast here; ${layers} layers in int8`;
  const kept = float32.length === 0 ? '' : `; in float32, the most harmful first: ${float32.join(', ')}`;
  return [
    table(columns, [row('float32', ''), row('int8', percent(agreement, 2))]).trimEnd(),
    `${ratios}${kept}`,
  ];
}

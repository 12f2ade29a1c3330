import type { TensorflowType } from '@limbeck/formats';
import { tfAttr } from '@limbeck/formats';
import type { DType } from '@limbeck/graph';
import type { GraphBuilder } from './graph-builder.js';

/** Element types that tfjs hands to a graph and takes from it. */
export type CarrierType = 'float32' | 'int32' | 'bool';

/** In which of them each element type travels; those tfjs does not know, as integers. */
export const carrierOf = (dtype: DType): CarrierType =>
  dtype === 'float32' || dtype === 'bool' ? dtype : 'int32';

/** From what travels to what is meant. */
export function unpack(graph: GraphBuilder, value: string, dtype: DType): string {
  const carrier = carrierOf(dtype);
  if (dtype !== 'bfloat16') return graph.cast(value, carrier, dtype);
  return bitcast(graph, graph.cast(value, carrier, 'uint16'), 'uint16', dtype);
}

/** From what is meant to what travels. */
export function pack(graph: GraphBuilder, value: string, dtype: DType): string {
  const carrier = carrierOf(dtype);
  if (dtype !== 'bfloat16') return graph.cast(value, dtype, carrier);
  return graph.cast(bitcast(graph, value, dtype, 'uint16'), 'uint16', carrier);
}

const bitcast = (graph: GraphBuilder, value: string, from: TensorflowType, to: TensorflowType): string =>
  graph.emit('Bitcast', [value], { T: tfAttr.type(from), type: tfAttr.type(to) });

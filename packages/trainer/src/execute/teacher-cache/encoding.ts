import type { CacheDtype } from '../../run/teacher-spec.js';
import { float16 } from './encodings/float16.js';
import { float32 } from './encodings/float32.js';
import { int8 } from './encodings/int8.js';
import { topK } from './encodings/top-k.js';

/** A column of a shard: one tensor, with a row for each record. */
export interface Field {
  /** Stands behind the feature's name; empty for its values. */
  readonly suffix: string;
  readonly dtype: 'float32' | 'float16' | 'int8' | 'uint8' | 'int32';
  /** Of one record. */
  readonly shape: readonly number[];
}

/** One record's part of a column: halves as their bits. */
export type FieldArray = Float32Array | Uint16Array | Int8Array | Uint8Array | Int32Array;

/** How the values of one feature of one sample are kept. Every record takes the same space. */
export interface Encoding {
  /** As people read it: `float16`, `float32, top 8 of 100`. */
  readonly label: string;
  readonly fields: readonly Field[];
  /** Largest magnitude it can keep; no value is NaN or infinite. */
  readonly largest: number;
  /** @param into one array for each field */
  encode(values: Float32Array, into: readonly FieldArray[]): void;
  /** @param from one array for each field */
  decode(from: readonly FieldArray[], into: Float32Array): void;
}

/** The encoding of an element type for records of a shape. */
export function encodingOf(dtype: CacheDtype, shape: readonly number[]): Encoding {
  switch (dtype) {
    case 'float32':
      return float32(shape);
    case 'float16':
      return float16(shape);
    case 'int8':
      return int8(shape);
  }
}

/** The encoding of logits of which only the `top` largest are kept one by one. */
export const topLogits = (dtype: CacheDtype, top: number, classes: number): Encoding =>
  topK(encodingOf(dtype, [top]), top, classes);

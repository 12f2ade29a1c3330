import type { TensorflowType } from './model.js';

/** Field numbers of TensorFlow's messages, as far as they are written here. */
export const fields = {
  savedModel: { schemaVersion: 1, metaGraph: 2 },
  metaGraph: { info: 1, graph: 2, signature: 5 },
  info: { tag: 4 },
  graph: { node: 1, versions: 4 },
  versions: { producer: 1 },
  node: { name: 1, op: 2, input: 3, attribute: 5 },
  attribute: { list: 1, string: 2, int: 3, float: 4, bool: 5, type: 6, shape: 7, tensor: 8 },
  list: { int: 3 },
  shape: { dim: 2 },
  dim: { size: 1 },
  tensor: { dtype: 1, shape: 2, content: 4 },
  signature: { input: 1, output: 2, method: 3 },
  port: { name: 1, dtype: 2, shape: 3 },
  /** Maps are repeated messages. */
  entry: { key: 1, value: 2 },
} as const;

/** The only version of the SavedModel layout there is. */
export const schemaVersion = 1;

/** TensorFlow's numbers of element types. */
export const typeNumbers: Readonly<Record<TensorflowType, number>> = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int16: 5,
  int8: 6,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  float16: 19,
  resource: 20,
  uint32: 22,
  uint64: 23,
};

/** What the types are called in JSON. */
export const typeNames: Readonly<Record<TensorflowType, string>> = {
  float32: 'DT_FLOAT',
  float64: 'DT_DOUBLE',
  int32: 'DT_INT32',
  uint8: 'DT_UINT8',
  int16: 'DT_INT16',
  int8: 'DT_INT8',
  int64: 'DT_INT64',
  bool: 'DT_BOOL',
  bfloat16: 'DT_BFLOAT16',
  uint16: 'DT_UINT16',
  float16: 'DT_HALF',
  resource: 'DT_RESOURCE',
  uint32: 'DT_UINT32',
  uint64: 'DT_UINT64',
};

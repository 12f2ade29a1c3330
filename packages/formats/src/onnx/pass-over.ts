import type { ProtoReader } from '../protobuf/reader.js';

/** Fields that change nothing about what a model computes, by the message they stand in: documentation, names of makers. */
const harmless = {
  /** Producer's version, domain, model's version, documentation. */
  model: [3, 4, 5, 6],
  opset: [],
  entry: [],
  /** Documentation, quantisation parameters as notes, notes. */
  graph: [10, 14, 16],
  /** Documentation, notes. */
  node: [6, 9],
  /** Documentation, types of values in between, notes. */
  function: [8, 12, 14],
  /** Documentation. */
  attribute: [13],
  /** Documentation, notes. */
  tensor: [12, 16],
  /** Documentation, notes. */
  value: [3, 4],
  /** What an axis or a type means. */
  type: [6],
  tensorType: [],
  shape: [],
  dim: [3],
} as const satisfies Record<string, readonly number[]>;

/** What is known of fields that are not read and do change what a model computes. */
const known: Readonly<Record<string, string>> = {
  'model 20': 'steps of training (training_info)',
  'model 26': 'a configuration of devices',
  'graph 15': 'weights as sparse tensors (sparse_initializer)',
  'node 10': 'a configuration of devices',
  'attribute 22': 'a sparse tensor',
  'attribute 23': 'sparse tensors',
  'type 7': 'an opaque type',
};

/**
 * Leaves out a field that changes nothing, and refuses every other: a runtime would act upon what this package has not seen.
 */
export function passOver(reader: ProtoReader, message: keyof typeof harmless): void {
  const { field } = reader;
  if ((harmless[message] as readonly number[]).includes(field)) return;
  const what =
    known[`${message} ${field}`] ?? `the field ${field} of a ${message}, which this version does not know`;
  reader.fail(`it holds ${what}, which is not read`, {
    hint: 'export the model without it, or simplify the file with a tool of ONNX',
  });
}

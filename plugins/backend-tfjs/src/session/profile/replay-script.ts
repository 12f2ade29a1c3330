import type { CarriedTensor } from '../carried.js';
import { marks } from './primitive-log.js';

/** What the process is told. */
export interface ReplayOrder {
  /** The file that tfjs-node is loaded from. */
  readonly file: string;
  /** A folder with the graph. */
  readonly folder: string;
  readonly tag: string;
  /** State to begin with, by name; null for a program without any. */
  readonly state: Readonly<Record<string, CarriedTensor>> | null;
  readonly feeds: Readonly<Record<string, CarriedTensor>>;
  /** Steps before the first that counts. */
  readonly warmUp: number;
  readonly steps: number;
}

/**
 * Takes one {@link ReplayOrder} as a message and runs the steps, each as the session's executable does. It writes the marks past
 * Node's own stream, so that they stand in order with the lines the library writes.
 */
export const replayScript = `
const util = require('util');
const { writeSync } = require('fs');
util.isNullOrUndefined ??= (value) => value == null;
process.once('message', async ({ file, folder, tag, state, feeds, warmUp, steps }) => {
  const tf = require(file);
  const call = (model, inputs) => {
    const given = {};
    for (const [name, { dtype, shape, data }] of Object.entries(inputs)) given[name] = tf.tensor(data, shape, dtype);
    const results = Object.values(model.predict(given));
    for (const tensor of results) tensor.dataSync();
    for (const tensor of [...results, ...Object.values(given)]) tensor.dispose();
  };
  if (state !== null) call(await tf.node.loadSavedModel(folder, [tag], 'write'), state);
  const step = await tf.node.loadSavedModel(folder, [tag], 'step');
  for (let i = 0; i < warmUp + steps; i++) {
    if (i >= warmUp) writeSync(1, '\\n${marks.begin}\\n');
    const begun = performance.now();
    call(step, feeds);
    const took = performance.now() - begun;
    if (i >= warmUp) writeSync(1, '\\n${marks.end}' + took + '\\n');
  }
  process.disconnect();
});
`;

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Precision, type Trial, trainingTrial, trialFault } from '@limbeck/core/backend';
import { encodeSavedModel } from '@limbeck/formats';
import type { TensorData } from '@limbeck/graph';
import { lower, prepare } from '../lowering/lower.js';
import { carried } from './carried.js';
import { lastLines, runCommand } from './command.js';
import type { FoundSession } from './find-session.js';

/** Takes one step of the graph in a folder, from the values beside it, and prints outputs and state as JSON. */
const script = `
process.env.TF_CPP_MIN_LOG_LEVEL = '2';
const util = require('util');
const { readFileSync } = require('fs');
util.isNullOrUndefined ??= (value) => value == null;
const [file, folder, tag] = process.argv.slice(1);
const tf = require(file);
const { state, feeds } = JSON.parse(readFileSync(folder + '/values.json', 'utf8'));
const call = async (signature, inputs) => {
  const given = {};
  for (const [name, { dtype, shape, data }] of Object.entries(inputs)) given[name] = tf.tensor(data, shape, dtype);
  const results = (await tf.node.loadSavedModel(folder, [tag], signature)).predict(given);
  return Object.entries(results).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);
};
(async () => {
  await call('write', state);
  const outputs = await call('step', feeds);
  const next = await call('read', {});
  console.log('\\n' + JSON.stringify(Object.fromEntries([...outputs, ...next])));
})();
`;

const written = (tensors: Iterable<readonly [string, TensorData]>) =>
  Object.fromEntries(
    [...tensors].map(([name, tensor]) => {
      const { dtype, shape, data } = carried(tensor);
      return [name, { dtype, shape, data: Array.from(data) }];
    }),
  );

/** What was found out in this process, by file and precision. */
const working = new Set<string>();

/**
 * Why a session does not train here in a precision; undefined where it does. It takes one small training step in a process of
 * its own and has to get the numbers right.
 */
export async function sessionFault(
  { package: { file }, gpu }: Extract<FoundSession, { available: true }>,
  precision: Exclude<Precision, 'int8'>,
  trial: Trial = trainingTrial(),
): Promise<string | undefined> {
  const key = `${precision} ${file}`;
  if (working.has(key)) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'limbeck-trial-'));
  try {
    const model = lower(prepare(trial.program), { mapType: precision, device: gpu ? 'cuda' : 'cpu' });
    const values = { state: written(trial.state), feeds: written(Object.entries(trial.feeds)) };
    await writeFile(path.join(folder, 'saved_model.pb'), encodeSavedModel(model));
    await writeFile(path.join(folder, 'values.json'), JSON.stringify(values));
    const result = await runCommand(process.execPath, ['-e', script, file, folder, model.tags[0]!]);
    const fault =
      result.status === 0
        ? trialFault(trial, JSON.parse(result.stdout.trim().split('\n').at(-1)!), precision)
        : lastLines(result, 1);
    if (fault === undefined) working.add(key);
    return fault;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

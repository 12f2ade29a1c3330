import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { type Device, type Trial, trainingTrial, trialFault } from '@limbeck/core/backend';
import { encodeOnnx } from '@limbeck/formats';
import type { TensorData } from '@limbeck/graph';
import { names } from './loaded-program.js';
import { kernelsOf } from './lowering/device-kernels.js';
import { lower, prepare } from './lowering/lower.js';
import { newestOpset } from './lowering/opset.js';
import { messageOf } from './runtime.js';

/** How long a device may take for one small step: a driver compiles some two hundred shaders for it. Milliseconds. */
const patience = 180_000;

interface Order {
  readonly device: Device;
  /** In base64. */
  readonly model: string;
  readonly feeds: Readonly<
    Record<string, { dtype: string; shape: readonly number[]; data: readonly number[] }>
  >;
}

type Answer = { readonly fault: string } | { readonly results: Readonly<Record<string, readonly number[]>> };

/** Reads {@link Order}s from the standard input, runs each on its device and writes the {@link Answer}s as JSON. */
const script = `
const runtime = require(process.argv[1]);
runtime.env.logLevel = 'fatal';
const arrays = { float32: Float32Array, int32: Int32Array };
const run = async ({ device, model, feeds }) => {
  const options = { executionProviders: [device], logSeverityLevel: 4 };
  const session = await runtime.InferenceSession.create(Buffer.from(model, 'base64'), options);
  const given = {};
  for (const [name, { dtype, shape, data }] of Object.entries(feeds))
    given[name] = new runtime.Tensor(dtype, arrays[dtype].from(data), shape);
  const results = {};
  for (const [name, { data }] of Object.entries(await session.run(given))) results[name] = Array.from(data);
  return { results };
};
let text = '';
process.stdin.on('data', (part) => { text += part; }).on('end', async () => {
  const answers = {};
  for (const order of JSON.parse(text))
    answers[order.device] = await run(order).catch((error) => ({ fault: String(error.message ?? error) }));
  process.stdout.write('\\n' + JSON.stringify(answers) + '\\n', () => process.exit(0));
});
`;

const carried = ({ dtype, shape, data }: TensorData) => ({ dtype, shape, data: Array.from(data) });

function orderFor(device: Device, { program, feeds, state }: Trial): Order {
  const kernels = kernelsOf[device];
  const target = { portable: true, kernels, channelBlock: 0, opset: newestOpset };
  const model = encodeOnnx(lower(prepare(program, target), { target, names }));
  return {
    device,
    model: Buffer.from(model).toString('base64'),
    feeds: Object.fromEntries([
      ...Object.entries(feeds).map(([name, tensor]) => [names.input(name), carried(tensor)]),
      ...[...state].map(([name, tensor]) => [names.state(name), carried(tensor)]),
    ]),
  };
}

/** Runs the orders in one process; undefined for all where it does not come to its end. */
function answersOf(orders: readonly Order[]): Promise<Partial<Record<Device, Answer>> | string> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-node');
  const child = spawn(process.execPath, ['-e', script, path], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: patience,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  // a process that ends before it has read everything says why by its status
  child.stdin.on('error', () => undefined).end(JSON.stringify(orders));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(messageOf(error)));
    child.on('close', (status, signal) =>
      resolve(
        status === 0
          ? (JSON.parse(said.trim().split('\n').at(-1)!) as Partial<Record<Device, Answer>>)
          : `trying it ended ${signal === null ? `with status ${status}` : `by ${signal}`}`,
      ),
    );
  });
}

/** What was found out in this process: trying takes seconds, and a run asks several times. */
const working = new Set<Device>();

/**
 * Why accelerators do not work here; those that do are left out. A device works where it takes one small training step and
 * gets the numbers right. That happens in a process of its own: drivers print to the terminal, and some take the process with
 * them.
 */
export async function faultsOf(devices: readonly Device[]): Promise<Partial<Record<Device, string>>> {
  const open = devices.filter((device) => !working.has(device));
  if (open.length === 0) return {};
  const trial = trainingTrial();
  const answers = await answersOf(open.map((device) => orderFor(device, trial)));
  const faults: Partial<Record<Device, string>> = {};
  for (const device of open) {
    const fault = typeof answers === 'string' ? answers : faultIn(trial, answers[device]!);
    if (fault === undefined) working.add(device);
    else faults[device] = messageOf(fault);
  }
  return faults;
}

function faultIn(trial: Trial, answer: Answer): string | undefined {
  if ('fault' in answer) return answer.fault;
  const { outputs, state } = trial.program;
  const found = Object.fromEntries([
    ...[...outputs.keys()].map((name) => [name, answer.results[names.output(name)]!]),
    ...state.map(({ name, current, next }) => [
      name,
      current === next ? trial.state.get(name)!.data : answer.results[names.next(name)]!,
    ]),
  ]);
  return trialFault(trial, found, 'float32');
}

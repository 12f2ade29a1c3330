import type { Device } from '@limbeck/core/backend';

/** A tensor on its way between processes. */
export interface CarriedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** What the process is told. */
export interface TrialOrder {
  /** The file that onnxruntime-node is loaded from. */
  readonly file: string;
  readonly model: Uint8Array;
  readonly device: Device;
  readonly memoryBytes: number;
  readonly outputs: readonly string[];
  readonly feeds: Readonly<Record<string, CarriedTensor>> | null;
}

/** What it answers with. */
export type TrialAnswer =
  | {
      readonly type: 'done';
      readonly metadata: readonly {
        name: string;
        isTensor: boolean;
        type?: string;
        shape?: readonly (number | string)[];
      }[];
      readonly given: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>>;
    }
  /** It could not be loaded, or not be run. */
  | { readonly type: 'failed'; readonly stage: 'load' | 'run'; readonly message: string };

/** How the process says that its memory is used up, before it ends itself. */
export const memoryMark = 'limbeck: the memory of a trial is used up';

/** Looks at the memory from a thread of its own, since native code blocks the other one. Milliseconds between two looks. */
const interval = 5;

/**
 * Takes one {@link TrialOrder} as a message. It is the first process that a system short of memory ends. Values are not sent back: their shapes
 * are all that is asked.
 */
export const trialScript = `
const { Worker } = require('worker_threads');
const { writeFileSync } = require('fs');
try { writeFileSync('/proc/self/oom_score_adj', '1000'); } catch {}
process.once('message', async ({ file, model, device, memoryBytes, outputs, feeds }) => {
  const watch = "const { writeSync } = require('fs'); const { workerData } = require('worker_threads');" +
    "const look = () => { if (process.memoryUsage.rss() > workerData) { writeSync(2, '${memoryMark}'); process.kill(process.pid, 'SIGKILL'); } };" +
    "for (;;) { look(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${interval}); }";
  const watcher = new Worker(watch, { eval: true, workerData: memoryBytes });
  await new Promise((ready) => watcher.once('online', ready));
  let stage = 'load';
  const answer = (what) => process.send(what, () => process.exit(0));
  try {
    const module = require(file);
    const runtime = module.default ?? module;
    runtime.env.logLevel = 'fatal';
    const session = await runtime.InferenceSession.create(model, {
      executionProviders: [device],
      executionMode: 'sequential',
      graphOptimizationLevel: feeds === null ? 'disabled' : 'all',
      logSeverityLevel: 3,
      intraOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    stage = 'run';
    const given = {};
    if (feeds !== null) {
      const inputs = {};
      for (const [name, { dtype, shape, data }] of Object.entries(feeds)) inputs[name] = new runtime.Tensor(dtype, data, shape);
      const results = await session.run(inputs, outputs);
      for (const [name, { type, dims }] of Object.entries(results)) given[name] = { dtype: type, shape: [...dims] };
    }
    const metadata = session.outputMetadata.map(({ name, isTensor, type, shape }) => ({ name, isTensor, type, shape: shape && [...shape] }));
    answer({ type: 'done', metadata, given });
  } catch (error) {
    answer({ type: 'failed', stage, message: error instanceof Error ? error.message : String(error) });
  }
});
`;

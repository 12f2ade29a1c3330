import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Surroundings } from '@limbeck/compose';
import { ForeignError, plainError } from '../errors/plain-error.js';
import type { Io } from '../io.js';
import type { Message, Reply, WorkOrder } from './messages.js';
import { perform, type Tasks } from './tasks.js';

/** A terminal and npm may both deliver one Ctrl-C; deliveries this close together (ms) are one. */
const samePress = 250;

/** What work needs to know of where its command runs, to be sent to another thread. */
export const surroundings = ({ cwd, env }: Io): Surroundings => ({ cwd, env: { ...env } });

/** Ends the process where the second Ctrl-C says so. */
const interrupted = 130;

/**
 * Does work that blocks its thread in a thread of its own. The first Ctrl-C asks it to stop after the step it is at, the
 * second ends the process.
 *
 * @throws what the work threw; LimbeckErrors come back as {@link ForeignError}
 */
export async function work<K extends keyof Tasks>(
  io: Io,
  task: K,
  request: Tasks[K]['request'],
  hear: (message: Message) => void,
): Promise<Tasks[K]['result']> {
  const stop = new SharedArrayBuffer(4);
  const flag = new Int32Array(stop);
  let pressed = 0;
  const onSignal = () => {
    const now = performance.now();
    if (pressed !== 0 && now - pressed < samePress) return;
    if (pressed !== 0) {
      io.exit(interrupted);
      return;
    }
    pressed = now;
    Atomics.store(flag, 0, 1);
    hear({ type: 'note', text: 'stopping after this step; Ctrl-C again stops at once' });
  };
  io.signals.on('SIGINT', onSignal);
  io.signals.on('SIGTERM', onSignal);
  try {
    if (io.work === 'here') return await perform(task, request, { say: hear, stopped: () => flag[0] !== 0 });
    return await inThread({ task, request, stop }, hear);
  } finally {
    io.signals.off('SIGINT', onSignal);
    io.signals.off('SIGTERM', onSignal);
  }
}

function inThread<K extends keyof Tasks>(
  order: WorkOrder<K>,
  hear: (message: Message) => void,
): Promise<Tasks[K]['result']> {
  // runtimes read the process's own environment, for threads and logs, and not a copy of it
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: order, env: SHARE_ENV });
  return new Promise((resolve, reject) => {
    worker.on('message', (reply: Reply) => {
      if (reply.type === 'message') hear(reply.message);
      else if (reply.type === 'done') resolve(reply.result as Tasks[K]['result']);
      else reject(new ForeignError(reply.error));
    });
    worker.on('error', (error) => reject(new ForeignError(plainError(error))));
    worker.on('exit', (code) =>
      reject(new Error(`the computing thread ended with status ${code} before it was done`)),
    );
  });
}

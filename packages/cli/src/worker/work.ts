import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Surroundings } from '@limbeck/compose';
import { ForeignError, plainError } from '../errors/plain-error.js';
import type { Io } from '../io.js';
import type { Message, Reply, WorkOrder } from './messages.js';
import { removeOwnLock } from './remove-own-lock.js';
import { perform, type Tasks } from './tasks.js';

/** A terminal and npm may both deliver one Ctrl-C; deliveries this close together (ms) are one. */
const samePress = 250;

/** What work needs to know of where its command runs, to be sent to another thread. */
export const surroundings = ({ cwd, env }: Io): Surroundings => ({ cwd, env: { ...env } });

/** Signals that ask to stop: Ctrl-C, a system that shuts down, a terminal that was closed. */
const stopping = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does work that blocks its thread in a thread of its own. The first signal asks it to stop after the step it is at, the
 * second ends the process, whatever native code is doing.
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
  const folders = new Set<string>();
  const heard = (message: Message) => {
    if (message.type === 'event' && message.event.type === 'start') folders.add(message.event.folder);
    hear(message);
  };
  const onSignal = (signal: NodeJS.Signals) => () => {
    const now = performance.now();
    if (pressed !== 0 && now - pressed < samePress) return;
    if (pressed !== 0) {
      for (const folder of folders) removeOwnLock(folder);
      io.end(signal);
      return;
    }
    pressed = now;
    Atomics.store(flag, 0, 1);
    hear({ type: 'note', text: 'stopping after this step; Ctrl-C again stops at once' });
  };
  const listeners = stopping
    .filter((signal) => signal !== 'SIGHUP' || io.outlivesTerminal !== true)
    .map((signal) => [signal, onSignal(signal)] as const);
  for (const [signal, listener] of listeners) io.signals.on(signal, listener);
  try {
    if (io.work === 'here') return await perform(task, request, { say: heard, stopped: () => flag[0] !== 0 });
    return await inThread({ task, request, stop }, heard);
  } finally {
    for (const [signal, listener] of listeners) io.signals.off(signal, listener);
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

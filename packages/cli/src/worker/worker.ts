import { parentPort, workerData } from 'node:worker_threads';
import { plainError } from '../errors/plain-error.js';
import type { Reply, WorkOrder } from './messages.js';
import { perform } from './tasks.js';

/** The thread that computes: it blocks while a step runs, so that the main thread never does. */
const { task, request, stop } = workerData as WorkOrder;
const flag = new Int32Array(stop);
const reply = (message: Reply) => parentPort!.postMessage(message);

try {
  const result = await perform(task, request, {
    say: (message) => reply({ type: 'message', message }),
    stopped: () => Atomics.load(flag, 0) !== 0,
  });
  reply({ type: 'done', result });
} catch (error) {
  reply({ type: 'failed', error: plainError(error) });
}

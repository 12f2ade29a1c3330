import { LimbeckError } from '@limbeck/core';
import { messageOf } from '../message-of.js';

/** What TensorFlow says when something outside the program is at fault, and what to do about it. */
const causes: readonly { readonly pattern: RegExp; readonly what: string; readonly hint: string }[] = [
  {
    pattern: /OOM when allocating|out of memory|RESOURCE_EXHAUSTED|Resource exhausted|bad_alloc/i,
    what: 'memory ran out',
    hint: 'choose a smaller data.batchSize, or end what else takes memory; a run goes on with --resume',
  },
  {
    pattern: /CUDA_ERROR|cudaError|device.*lost|CUDNN_STATUS|GPU sync failed/i,
    what: 'the GPU failed',
    hint: 'see nvidia-smi and the system log; a run goes on from its last checkpoint with --resume',
  },
];

/** A failure of the session, told apart where it can be. */
export function explainFailure(what: string, program: string, cause: unknown): LimbeckError {
  const said = messageOf(cause);
  const known = causes.find(({ pattern }) => pattern.test(said));
  const why = known === undefined ? '' : `${known.what}: `;
  return new LimbeckError('BACKEND_FAILED', `${what} of '${program}' failed: ${why}${said}`, {
    hint: known?.hint ?? 'the state is that of before',
    cause,
  });
}

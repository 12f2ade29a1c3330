/** An expected failure: its message is for the reader, its stack is not. */
export class Failure extends Error {
  /**
   * @param {string} message one line: what, where, what to do
   * @param {{ exitCode?: number, output?: string }} [details] `output`: what the failed program said, printed before the message
   */
  constructor(message, { exitCode = 1, output = '' } = {}) {
    super(message);
    this.exitCode = exitCode;
    this.output = output;
  }
}

const INTERRUPTED = 130;

export const interruption = () =>
  new Failure('Interrupted: the next run starts this step again.', { exitCode: INTERRUPTED });

/** @param {unknown} error */
export const isInterruption = (error) => error instanceof Failure && error.exitCode === INTERRUPTED;

import { LimbeckError } from '../errors.js';

/**
 * For backends: the calls of one executable, which run one after another in the order they were asked for, until it is
 * disposed of.
 */
export class CallQueue {
  readonly #name: string;
  #last: Promise<unknown> = Promise.resolve();
  #released: Promise<void> | undefined;

  /** @param name what messages call the program */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Runs a call once those before it are done, whether they failed or not.
   *
   * @throws LimbeckError BACKEND_FAILED after {@link CallQueue.dispose}
   */
  run<T>(call: () => T | Promise<T>): Promise<T> {
    if (this.#released !== undefined) {
      return Promise.reject(
        new LimbeckError('BACKEND_FAILED', `'${this.#name}' was disposed of and cannot be used any more`, {
          hint: 'compile the program again',
        }),
      );
    }
    const result = this.#last.then(call);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Lets go of what the executable holds once its calls are done. A second time is the same as the first. */
  dispose(release: () => unknown): Promise<void> {
    this.#released ??= this.#last.then(async () => {
      await release();
    });
    return this.#released;
  }
}

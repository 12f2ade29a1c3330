import { FormatError } from '../errors.js';

/** The error a reader or writer refuses something with; whatever else it throws is thrown on. */
export function failure(run: () => unknown): FormatError {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

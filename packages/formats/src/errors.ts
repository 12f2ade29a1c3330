/**
 * `BAD_FILE`: the bytes are not what the format says, or hold something this package does not read.
 * `BAD_DATA`: the values to be written have no place in the format.
 */
export type FormatErrorCode = 'BAD_FILE' | 'BAD_DATA';

/** The brand of every expected failure in Limbeck, so that core's `isLimbeckError` knows this one too. */
const brand = Symbol.for('limbeck.error');

/** A file that cannot be read, or data that cannot be written. It has the shape of core's `LimbeckError`. */
export class FormatError extends Error {
  readonly code: FormatErrorCode;
  /** What to do about it, one sentence. */
  readonly hint: string | undefined;
  /** Further facts for programs: names, offsets, shapes. JSON only. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The exit status of a command that fails with it. */
  readonly exitCode = 1;

  constructor(
    code: FormatErrorCode,
    message: string,
    options: { hint?: string; details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FormatError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Options of every reader. */
export interface ReadOptions {
  /** What messages call the data, usually the file's path. */
  readonly source?: string;
}

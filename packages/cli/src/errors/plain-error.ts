import { isLimbeckError } from '@limbeck/core';

/** An error as a plain object: crosses threads, prints, and becomes JSON. */
export interface PlainError {
  /** `INTERNAL` for a failure nobody expected. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Facts for programs. JSON only. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly exitCode: number;
  readonly stack?: string;
}

/** Turns anything thrown into a plain object. */
export function plainError(thrown: unknown): PlainError {
  if (isPlainError(thrown)) return thrown.plain;
  if (isLimbeckError(thrown)) {
    const { code, message, hint, details, exitCode, stack } = thrown;
    const facts = details !== undefined && Object.keys(details).length > 0 ? { details } : {};
    return {
      code,
      message,
      hint,
      ...facts,
      exitCode,
      stack: trail(stack, thrown),
    };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isTooLarge(error)) {
    return {
      code: 'OUT_OF_MEMORY',
      message: `there is not as much memory as this asks for: ${error.message}`,
      hint: 'choose smaller sizes: data.batchSize, data.evalBatchSize, the size of images, the width of the model',
      exitCode: 1,
      stack: trail(error.stack, error),
    };
  }
  return {
    code: 'INTERNAL',
    message: error.message,
    hint: 'this is a defect of Limbeck or of a plugin; run again with --debug to see where',
    exitCode: 1,
    stack: trail(error.stack, error),
  };
}

/** What V8 says where a size leaves its arrays, or the memory of the machine. */
const isTooLarge = (error: Error): boolean =>
  error instanceof RangeError &&
  /^(Array buffer allocation failed|Invalid (typed )?array length)/.test(error.message);

/** A stack with those of its causes. */
function trail(stack: string | undefined, error: Error): string {
  const cause = error.cause;
  const own = stack ?? `${error.name}: ${error.message}`;
  return cause instanceof Error && cause !== error ? `${own}\ncaused by: ${trail(cause.stack, cause)}` : own;
}

/** Carries an error that happened in another thread. */
export class ForeignError extends Error {
  readonly plain: PlainError;

  constructor(plain: PlainError) {
    super(plain.message);
    this.name = 'ForeignError';
    this.plain = plain;
  }
}

const isPlainError = (thrown: unknown): thrown is ForeignError => thrown instanceof ForeignError;

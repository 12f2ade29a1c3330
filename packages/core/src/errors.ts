/** What went wrong, for programs. `usage` and `config` codes end a command with exit status 2, all others with 1. */
export type ErrorCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'CONFIG_NOT_FOUND'
  | 'CONFIG_THREW'
  | 'UNKNOWN_ID'
  | 'UNKNOWN_OPTION'
  | 'UNKNOWN_TAP'
  | 'PLUGIN_INVALID'
  | 'PLUGIN_CONFLICT'
  | 'DUPLICATE_CORE'
  | 'SHAPE_MISMATCH'
  | 'WEIGHTS_MISMATCH'
  | 'PRECONDITION'
  | 'BAD_FILE'
  | 'BAD_DATA'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'WRITE_FAILED'
  | 'DOWNLOAD_FAILED'
  | 'BACKEND_UNAVAILABLE'
  | 'BACKEND_UNSUPPORTED'
  | 'BACKEND_FAILED'
  | 'MODEL_LIMITS'
  | 'NON_FINITE'
  | 'CHECKPOINT_CORRUPT'
  | 'INTERRUPTED'
  | 'VERIFY_FAILED';

const usageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'USAGE',
  'CONFIG_INVALID',
  'CONFIG_NOT_FOUND',
  'CONFIG_THREW',
  'UNKNOWN_ID',
  'UNKNOWN_OPTION',
  'UNKNOWN_TAP',
  'PLUGIN_INVALID',
  'PLUGIN_CONFLICT',
  'DUPLICATE_CORE',
  'SHAPE_MISMATCH',
  'PRECONDITION',
]);

const brand = Symbol.for('limbeck.error');

/**
 * An expected failure: one clear message saying what, where and what to do. Recognise it with {@link isLimbeckError},
 * never with `instanceof`: two copies of this package may be loaded.
 *
 * @example
 * throw new LimbeckError('UNKNOWN_ID', "there is no backbone 'resnet9'", { hint: "did you mean 'resnet8'?" });
 */
export class LimbeckError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, one sentence. */
  readonly hint: string | undefined;
  /** Further facts for programs: paths, shapes, keys. JSON only. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LimbeckError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** 2 where the command line or the configuration is at fault, 130 for an interrupt, 1 otherwise. */
  get exitCode(): 1 | 2 | 130 {
    if (this.code === 'INTERRUPTED') return 130;
    return usageCodes.has(this.code) ? 2 : 1;
  }
}

/** True for a {@link LimbeckError} of any copy of this package. */
export function isLimbeckError(value: unknown): value is LimbeckError {
  return typeof value === 'object' && value !== null && brand in value;
}

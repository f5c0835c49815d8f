/**
 * Every failure that a user can meet: a code to search for, the offending value, and what to do.
 *
 * `disposition` says what the caller does with it: `reject` the one frame and go on, give up with
 * `usage` (exit code 2: the command or its configuration is wrong), or `fatal` (exit code 1: the
 * work failed).
 */
export type ErrorCode =
  | 'PL_USAGE'
  | 'PL_CONFIG'
  | 'PL_IMAGE_UNREADABLE'
  | 'PL_IMAGE_UNSUPPORTED'
  | 'PL_IMAGE_TOO_LARGE'
  | 'PL_IMAGE_SIZE'
  | 'PL_IMAGE_BLANK'
  | 'PL_DATASET'
  | 'PL_BUNDLE_MISSING'
  | 'PL_BUNDLE_CORRUPT'
  | 'PL_BUNDLE_VERSION'
  | 'PL_WEIGHTS'
  | 'PL_WRITE'
  | 'PL_BACKEND'
  | 'PL_SETUP'
  | 'PL_PORT_IN_USE'
  | 'PL_STATE'
  | 'PL_TIMEOUT'
  | 'PL_ABORTED'
  | 'PL_NUMERIC'
  | 'PL_SOURCE'
  | 'PL_SINK'
  | 'PL_MESSAGE'
  | 'PL_KAFKA';

export type Disposition = 'reject' | 'usage' | 'fatal';

export interface ErrorDetails {
  /** What the caller should do with it. Default `fatal`. */
  readonly disposition?: Disposition;
  /** One sentence: what the user can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class PatchlineError extends Error {
  override readonly name = 'PatchlineError';
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.disposition = details.disposition ?? 'fatal';
    this.hint = details.hint;
  }

  /** What a person reads: the message, then what to do. */
  get explanation(): string {
    return this.hint === undefined ? this.message : `${this.message}\n  → ${this.hint}`;
  }
}

/**
 * Any error as one of ours. One that ended a worker thread has kept its fields on the way here, but
 * not its class, so the fields are read by name.
 *
 * @param fallback the code of an error that has none of ours
 */
export function asPatchlineError(error: unknown, fallback: ErrorCode = 'PL_STATE'): PatchlineError {
  if (error instanceof PatchlineError) return error;
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('PL_')) {
    const { code, disposition, hint } = error as PatchlineError;
    return new PatchlineError(code, error.message, {
      disposition,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new PatchlineError(fallback, message, { cause: error });
}

/** The operating system's reason of a failed call (`ENOSPC`, `EADDRINUSE` …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

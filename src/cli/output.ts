/**
 * The only place that writes to the terminal. Results go to stdout: people's text, or with `--json`
 * one JSON object and nothing else. Everything that is said on the way goes to stderr.
 */
import type { PatchlineError } from '../errors.js';

/** As much of a stream as is used here. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly json: boolean;
}

const CLEAR_LINE = '\r\u001b[K';

export class Output {
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #json: boolean;
  /** A line that the next one overwrites stands on the terminal. */
  #isLive = false;

  constructor({ stdout, stderr, json }: OutputOptions) {
    this.#out = stdout;
    this.#err = stderr;
    this.#json = json;
  }

  /** Whether `live` lines can overwrite each other. */
  get isTerminal(): boolean {
    return this.#err.isTTY === true;
  }

  /** A line of the result, for people: on stdout, or with `--json` on stderr. */
  text(line = ''): void {
    this.#endLive();
    (this.#json ? this.#err : this.#out).write(`${printable(line)}\n`);
  }

  /** The result for programs; silent without `--json`. */
  result(value: object): void {
    if (this.#json) this.#out.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A line on the way: what was found, progress, warnings. */
  note(line: string): void {
    this.#endLive();
    this.#err.write(`${printable(line)}\n`);
  }

  /** Replaces the live line of the terminal. */
  live(line: string): void {
    this.#err.write(CLEAR_LINE + printable(line).slice(0, (this.#err.columns || 80) - 1));
    this.#isLive = true;
  }

  fail({ code, message, hint, explanation }: PatchlineError): void {
    this.note(code === 'PL_ABORTED' ? explanation : `error: ${explanation}`);
    this.result({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
  }

  /** An error that should not be: nothing the user did is wrong. */
  crash(error: unknown, verbose: boolean): void {
    const message = error instanceof Error ? error.message : String(error);
    this.note(`error: ${message}`);
    this.note('  → this is a bug in Patchline; --verbose shows where it happened');
    if (verbose) this.note(error instanceof Error ? String(error.stack) : 'no stack');
    this.result({ error: { code: 'PL_BUG', message } });
  }

  #endLive(): void {
    if (this.#isLive) this.#err.write(CLEAR_LINE);
    this.#isLive = false;
  }
}

/** Names of files and cameras come from elsewhere: they are not to move the cursor or set colours. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd');
}

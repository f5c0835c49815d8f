/** Programs of the machine that the setup needs: pip, npm, tar, the compiler. */
import { spawn } from 'node:child_process';
import { PatchlineError, systemCode } from '../errors.js';

export interface ProgramOptions {
  /** What to do if it is not installed. */
  readonly hint: string;
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What a message shows of a long output: its end, where the reason stands. */
const TAIL = 2000;

/** Runs a program to its end. → what it printed on stdout. @throws PL_SETUP with its last words */
export async function runProgram(
  command: string,
  args: readonly string[],
  { hint, cwd, environment, signal }: ProgramOptions,
): Promise<string> {
  const out: string[] = [];
  const all: string[] = [];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    ...(cwd !== undefined && { cwd }),
    ...(signal && { signal }),
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.push(text);
    all.push(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => all.push(text));
  const ending = await new Promise<number | string>((resolve, reject) => {
    child.on('error', reject).on('close', (code, killedBy) => resolve(killedBy ?? code ?? 0));
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw notStarted(command, hint, error);
  });
  signal?.throwIfAborted();
  if (ending !== 0) throw failed(command, args, ending, all.join(''));
  return out.join('');
}

function notStarted(command: string, hint: string, cause: unknown): PatchlineError {
  const why = systemCode(cause) === 'ENOENT' ? 'is not installed' : `does not start: ${cause}`;
  return new PatchlineError('PL_SETUP', `${command} ${why}`, { hint, cause });
}

/** Reasons that programs give in their own words, and what to do about them. */
const KNOWN: readonly (readonly [RegExp, hint: string])[] = [
  [/no space left on device/i, 'the disk is full: make room, or choose another with --dir'],
  [/no module named pip/i, 'install pip (Debian: python3-pip), or give the wheel with --wheel'],
  [/CERTIFICATE_VERIFY_FAILED/, 'Python does not trust the index: set PIP_CERT'],
  [/hashes are required|do not match the hashes/i, 'the index serves another file of this name'],
  [/no matching distribution|could not find a version/i, 'the index of pip lacks it: --wheel FILE'],
  [/E404|404 Not Found/i, 'the registry of npm lacks it'],
];

function failed(
  command: string,
  args: readonly string[],
  ending: number | string,
  output: string,
): PatchlineError {
  const words = output.trim().slice(-TAIL);
  const message = `${command} ${args[0] ?? ''} failed (${ending})${words && `:\n${words}`}`;
  const hint = KNOWN.find(([pattern]) => pattern.test(output))?.[1];
  return new PatchlineError('PL_SETUP', message, hint === undefined ? {} : { hint });
}

/** The measurement's end of a worker process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BackendName } from '../../backend/backends.js';
import { PatchlineError } from '../../errors.js';

/** What judges: the engine with one encoder thread, or a device that only takes its time. */
export type Device = { readonly backend: BackendName } | { readonly gpuMs: number };

export interface WorkerSetup {
  /** Directory of the model. */
  readonly model: string;
  readonly device: Device;
  readonly broker: string;
  readonly frames: string;
  readonly results: string;
  readonly group: string;
}

export interface Tick {
  readonly event: 'tick';
  /** Capture to acknowledged result, of the frames settled since the last tick. */
  readonly latenciesMs: readonly number[];
  /** All threads, since the start. */
  readonly cpuMs: number;
  readonly peakBytes: number;
}

export type WorkerMessage =
  | Tick
  | { readonly event: 'joined'; readonly partitions: readonly number[] };

const FILE = fileURLToPath(new URL('./worker-process.js', import.meta.url));

export class ScaleWorker {
  /** Undefined until it is in the group. */
  partitions: readonly number[] | undefined;
  settled = 0;
  cpuMs = 0;
  peakBytes = 0;
  /** The longest since it was last set to 0. */
  longestMs = 0;
  readonly #child: ChildProcess;

  constructor(setup: WorkerSetup) {
    this.#child = fork(FILE, [JSON.stringify(setup)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: WorkerMessage) => this.#hear(message));
  }

  #hear(message: WorkerMessage): void {
    if (message.event === 'joined') {
      this.partitions = message.partitions;
      return;
    }
    this.settled += message.latenciesMs.length;
    this.cpuMs = message.cpuMs;
    this.peakBytes = message.peakBytes;
    this.longestMs = Math.max(this.longestMs, ...message.latenciesMs);
  }

  /** @throws PL_STATE if it ended, with what it said on stderr */
  assertRuns(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return;
    throw new PatchlineError('PL_STATE', `a worker ended with ${signalCode ?? exitCode}`);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exit;
  }
}

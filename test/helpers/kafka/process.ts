import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import type { FakeJudgeOptions } from './judge.js';
import { until } from './lab.js';
import type { ProcessMessage, ProcessSetup } from './worker-process.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the signal to the end, milliseconds. */
  readonly tookMs: number;
}

/** A worker process under test. */
export class WorkerProcess {
  settled = 0;
  partitions: readonly number[] | undefined;
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  #stderr = '';
  #signalled = 0;

  constructor(site: KafkaOptions, judge: FakeJudgeOptions = {}, frames = 16) {
    const setup: ProcessSetup = { site, judge: { ...judge, keep: false }, frames };
    const file = fileURLToPath(new URL('./worker-process.js', import.meta.url));
    const env = { ...process.env, WORKER_SETUP: JSON.stringify(setup) };
    this.#child = fork(file, { env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    this.#child.stderr?.on('data', (text) => {
      this.#stderr += text;
    });
    this.#child.on('message', (message: ProcessMessage) => {
      if (message.event === 'joined') this.partitions = message.partitions;
      else this.settled = message.frames;
    });
    this.exit = this.#ended();
  }

  async ready(): Promise<this> {
    await until('the worker to join', () => this.partitions !== undefined || this.ended);
    return this;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The most memory that it ever had, MiB. Linux only. */
  get peakMemory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit> {
    this.#signalled = performance.now();
    this.#child.kill(signal);
    return this.exit;
  }

  async #ended(): Promise<Exit> {
    const [code, signal] = await once(this.#child, 'close');
    const tookMs = performance.now() - this.#signalled;
    return { code, signal, stderr: this.#stderr, tookMs };
  }
}

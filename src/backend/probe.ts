/**
 * How fast back ends run a model, each in a process of its own: one that crashes natively, or hangs,
 * is one that does not run here, and no more. They take turns, so that a busy machine is unfair to
 * all alike.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { deferred } from '../deferred.js';
import type { Size } from '../frame/pixels.js';
import type { BackendName } from './backends.js';
import type { ViewRequest } from './encoder.js';

/** What is run. */
export interface ProbeModel {
  readonly network: FoldedNetwork;
  readonly views: readonly ViewRequest[];
  /** Of the frames. */
  readonly size: Size;
}

/** What the process is told: first what to start, then to run a frame, again and again. */
export type ProbeOrder = { readonly start: BackendName; readonly model: ProbeModel } | 'run';

/** What it answers to each. */
export type ProbeAnswer =
  | { readonly ready: true }
  | { readonly ms: number }
  | { readonly failure: string };

export type ProbeResult =
  | { readonly name: BackendName; readonly framesPerSecond: number }
  | { readonly name: BackendName; readonly failure: string };

/** After a first run, which is not counted. The fastest one counts: what slows it down is others. */
const ROUNDS = 4;
/** For each answer: a back end may have kernels to compile. */
const PATIENCE_MS = 30_000;
const PROCESS = new URL('./probe-process.js', import.meta.url);

/** Never rejects: what fails is a result. @param process another module in tests, which crashes */
export async function probe(
  names: readonly BackendName[],
  model: ProbeModel,
  process: URL = PROCESS,
): Promise<ProbeResult[]> {
  const candidates = names.map((name) => new Candidate(name, process));
  try {
    await Promise.all(candidates.map((candidate) => candidate.start(model)));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const candidate of candidates) await candidate.run();
    }
    return candidates.map((candidate) => candidate.result);
  } finally {
    for (const candidate of candidates) candidate.end();
  }
}

class Candidate {
  readonly #name: BackendName;
  readonly #process: ChildProcess;
  readonly #times: number[] = [];
  #failure: string | undefined;

  constructor(name: BackendName, process: URL) {
    this.#name = name;
    this.#process = fork(process, {
      serialization: 'advanced', // typed arrays as they are
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
  }

  async start(model: ProbeModel): Promise<void> {
    await this.#ask({ start: this.#name, model });
  }

  async run(): Promise<void> {
    if (this.#failure !== undefined) return;
    const answer = await this.#ask('run');
    if ('ms' in answer) this.#times.push(answer.ms);
  }

  get result(): ProbeResult {
    const name = this.#name;
    if (this.#failure !== undefined) return { name, failure: this.#failure };
    return { name, framesPerSecond: 1000 / Math.min(...this.#times.slice(1)) };
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }

  async #ask(order: ProbeOrder): Promise<ProbeAnswer> {
    const answered = deferred<ProbeAnswer>();
    const fail = (failure: string): void => answered.resolve({ failure });
    const timer = setTimeout(() => fail(`no answer within ${PATIENCE_MS} ms`), PATIENCE_MS);
    const ended = (code: number | null, signal: string | null): void =>
      fail(signal === null ? `its process ended with code ${code}` : `it crashed: ${signal}`);
    this.#process
      .once('message', answered.resolve)
      .once('exit', ended)
      .once('error', ({ message }) => fail(message));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.send(order, () => {}); // a process that has ended is told by 'exit'
    } else {
      ended(this.#process.exitCode, this.#process.signalCode);
    }
    const answer = await answered.promise;
    clearTimeout(timer);
    this.#process.removeAllListeners();
    if ('failure' in answer) this.#failure = answer.failure;
    return answer;
  }
}

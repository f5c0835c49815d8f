/** Jobs side by side, each in a process of its own. */
import { fork } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BackendName } from '../backend/backends.js';
import type { Job, Measured } from './measure.js';

export interface JobOrder {
  readonly job: Job;
  /** The back end that trains. */
  readonly training: BackendName;
}

export type TimedMeasured = Measured & { readonly cpuSeconds: number };

export type JobMessage = { readonly measured: TimedMeasured } | { readonly failure: string };

export interface JobsOptions {
  readonly training: BackendName;
  /** Processes at a time. */
  readonly parallel: number;
  /** Ends all processes at once; what they have told is kept. */
  readonly signal: AbortSignal;
  readonly onMeasured: (measured: TimedMeasured) => void;
  /** `failure`: why a job gave less than it should. */
  readonly onEnd: (job: Job, failure?: string) => void;
}

const FILE = fileURLToPath(new URL('./job-process.js', import.meta.url));

/** Begins the jobs in their order. Never rejects: what fails is told. */
export async function runJobs(jobs: readonly Job[], options: JobsOptions): Promise<void> {
  const { parallel, signal, onEnd } = options;
  setMaxListeners(0, signal);
  const waiting = [...jobs];
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      if (signal.aborted) return;
      const failure = await runJob(job, options);
      if (!signal.aborted) onEnd(job, failure);
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

/** → what went wrong */
async function runJob(
  job: Job,
  { training, signal, onMeasured }: JobsOptions,
): Promise<string | undefined> {
  const order: JobOrder = { job, training };
  const child = fork(FILE, [JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1' }, // a job has one core
    signal,
    killSignal: 'SIGKILL',
  });
  let failure: string | undefined;
  child.on('message', (message: JobMessage) => {
    if ('failure' in message) failure = message.failure;
    else onMeasured(message.measured);
  });
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message)); // does not start, or was stopped
    child.once('exit', (code, name) => {
      const said = (): void =>
        resolve(code === 0 ? failure : (failure ?? `ended by ${name ?? code}`));
      if (child.connected)
        child.once('disconnect', said); // after its last message
      else said();
    });
  });
}

/** More workers in one group: what they judge together, and what a change of the group costs. */
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { chooseFor } from '../../detect/choose.js';
import { KafkaClient } from '../../stream/kafka/client.js';
import { compileGroup } from '../../stream/kafka/options.js';
import { type BenchOptions, fitProgress, type OnBenchProgress } from '../bench.js';
import type { FeederData } from '../kafka/feeder-thread.js';
import { kafkaFrames } from '../kafka/frames.js';
import { BenchTopics } from '../kafka/topics.js';
import { describeMachine } from '../machine.js';
import { prepareWorkload } from '../workload.js';
import { Crew } from './crew.js';
import type { RebalanceReport, ScaleCase, ScaleReport } from './report.js';
import type { Device, WorkerSetup } from './worker.js';

export interface ScaleBenchOptions
  extends Pick<BenchOptions, 'model' | 'backend' | 'seconds' | 'onBackend'> {
  readonly broker: string;
  readonly gpuMs: number;
}

type Size = Pick<ScaleCase, 'workers' | 'partitions'>;

const BYTES = 100_000;
/** Workers and partitions: the partitions bound the workers, the cores bound the engines. */
const SIMULATED: readonly Size[] = [
  { workers: 1, partitions: 8 },
  { workers: 2, partitions: 8 },
  { workers: 4, partitions: 8 },
  { workers: 4, partitions: 2 },
  { workers: 4, partitions: 1 },
];
const ENGINES: readonly Size[] = [
  { workers: 1, partitions: 8 },
  { workers: 2, partitions: 8 },
  { workers: 4, partitions: 8 },
];

/** Until the processes that have just started are up to speed. */
const WARM_UP_MS = 3000;
/** An engine on two cores does not do as many frames a second. */
const ENGINE_FPS = 150;
/** Two workers, of which one alone would do, and how long each change of theirs is watched. */
const LIVE_LOAD = 0.6;
const WATCH_MS = 5000;

/** Rejects with the signal's reason when aborted, after the measurement that runs. */
export async function runScaleBench(
  options: ScaleBenchOptions,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<ScaleReport> {
  const machine = describeMachine();
  const topics = await BenchTopics.open(new KafkaClient({ brokers: [options.broker] }));
  const workload = await prepareWorkload(options.model, fitProgress(onProgress), signal);
  try {
    const frames = await kafkaFrames(workload.bundle.manifest.input, BYTES);
    const bench = new ScaleBench({ ...options, model: workload.model }, topics, frames);
    const simulated = { name: 'simulated', device: { gpuMs: options.gpuMs } };
    const { onBackend: say } = options;
    const backend = await chooseFor(options.backend, [workload.bundle], { say });
    const engine = { name: backend, device: { backend } };
    const plan = [
      ...SIMULATED.map((size) => ({ ...simulated, size })),
      ...ENGINES.map((size) => ({ ...engine, size })),
    ];
    const cases: ScaleCase[] = [];
    for (const { name, device, size } of plan) {
      signal.throwIfAborted();
      cases.push({ device: name, ...(await bench.measure(device, size)) });
      const detail = `${name} × ${size.workers}`;
      onProgress({ phase: 'measure', done: cases.length, total: plan.length + 1, detail });
    }
    const rebalance = await bench.rebalance();
    const { seconds, gpuMs } = options;
    const frameBytes = Math.round(
      frames.reduce((sum, { length }) => sum + length, 0) / frames.length,
    );
    const settings = { seconds, gpuMs, frameBytes };
    return { schema: 'patchline.bench-scale/1', machine, settings, cases, rebalance };
  } finally {
    await Promise.allSettled([topics.close(), workload.remove()]);
  }
}

/** What all programs of this machine have used since the call, milliseconds of one core. */
function busyClock(): () => number {
  const used = () =>
    cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  const start = used();
  return () => used() - start;
}

class ScaleBench {
  readonly #options: ScaleBenchOptions & { readonly model: string };
  readonly #topics: BenchTopics;
  readonly #frames: readonly Uint8Array[];
  /** By their number of partitions: each group reads them from the beginning. */
  readonly #filled = new Map<number, string>();

  constructor(
    options: ScaleBenchOptions & { readonly model: string },
    topics: BenchTopics,
    frames: readonly Uint8Array[],
  ) {
    this.#options = options;
    this.#topics = topics;
    this.#frames = frames;
  }

  async measure(device: Device, { workers, partitions }: Size): Promise<Omit<ScaleCase, 'device'>> {
    const { seconds } = this.#options;
    const crew = new Crew(await this.#setup(device, await this.#full(partitions)), partitions);
    try {
      crew.start(workers);
      await crew.settledDown();
      await sleep(WARM_UP_MS);
      const busy = busyClock();
      const [before, start] = [crew.progress, performance.now()];
      await sleep(1000 * seconds);
      const [after, elapsed] = [crew.progress, performance.now() - start];
      const settled = after.settled - before.settled;
      return {
        workers,
        partitions,
        framesPerSecond: (1000 * settled) / elapsed,
        cpuMsPerFrame: (after.cpuMs - before.cpuMs) / settled,
        coresBusy: busy() / elapsed,
        peakBytes: after.peakBytes,
      };
    } finally {
      await crew.end();
    }
  }

  async rebalance(): Promise<RebalanceReport> {
    const { broker, gpuMs } = this.#options;
    const partitions = 8;
    const topic = await this.#topics.make('live', partitions);
    const crew = new Crew(await this.#setup({ gpuMs }, topic), partitions);
    const { sessionTimeoutMs } = compileGroup();
    const rate = (LIVE_LOAD * 1000) / gpuMs;
    const data: FeederData = { broker, topic, partitions, frames: this.#frames, count: 1e9, rate };
    const watch = (event: () => Promise<void> | void, ms = WATCH_MS) =>
      crew.longestWhile(async () => {
        await event();
        await sleep(ms);
      });
    let feeder: Worker | undefined;
    try {
      crew.start(2);
      await crew.settledDown();
      feeder = new Worker(new URL('../kafka/feeder-thread.js', import.meta.url), {
        workerData: data,
      });
      await sleep(WARM_UP_MS);
      return {
        framesPerSecond: rate,
        sessionTimeoutMs,
        nothingMs: await watch(() => {}),
        joinMs: await watch(async () => {
          crew.start(1);
          await crew.settledDown();
        }),
        leaveMs: await watch(() => crew.endOne('SIGTERM')),
        killMs: await watch(() => crew.endOne('SIGKILL'), sessionTimeoutMs + WATCH_MS),
      };
    } finally {
      await feeder?.terminate();
      await crew.end();
    }
  }

  async #setup(device: Device, frames: string): Promise<WorkerSetup> {
    const { model, broker } = this.#options;
    const results = await this.#topics.make('results');
    return { model, device, broker, frames, results, group: `patchline-bench-${randomUUID()}` };
  }

  /** With more frames than any case judges. */
  async #full(partitions: number): Promise<string> {
    const { seconds, gpuMs } = this.#options;
    const known = this.#filled.get(partitions);
    if (known !== undefined) return known;
    const most = Math.max((4 * 1000) / gpuMs, ENGINE_FPS) * (seconds + (2 * WARM_UP_MS) / 1000);
    const topic = await this.#topics.filled(this.#frames, Math.ceil(most), partitions);
    this.#filled.set(partitions, topic);
    return topic;
  }
}

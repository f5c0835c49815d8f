/** From topic to topic, beside the engine alone: is Kafka in the way? */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { chooseFor } from '../../detect/choose.js';
import { Engine } from '../../engine/engine.js';
import { ModelSet } from '../../engine/models.js';
import type { Size } from '../../frame/pixels.js';
import { KafkaClient } from '../../stream/kafka/client.js';
import { defaultCredits } from '../../stream/worker.js';
import { type BenchOptions, fitProgress, type OnBenchProgress } from '../bench.js';
import { type LatencyReport, LOAD, latencyOf, MIN_LATENCY_FRAMES } from '../latency.js';
import { describeMachine } from '../machine.js';
import { prepareWorkload } from '../workload.js';
import { DecodeJudge } from './decode-judge.js';
import type { FeederData } from './feeder-thread.js';
import { type Flow, fromKafka, fromMemory, type KafkaFlow, latencies } from './flow.js';
import { kafkaFrames } from './frames.js';
import { type KafkaBenchReport, type KafkaFramesReport, type Rounds, speedsOf } from './report.js';
import { BenchTopics, PARTITIONS } from './topics.js';

export interface KafkaBenchOptions extends Omit<BenchOptions, 'resnet18Patches'> {
  readonly broker: string;
}

/** Frames at the size of the model's input, and four times as wide and high. */
const SIZES = [
  { scale: 1, bytes: 100_000 },
  { scale: 4, bytes: 1_000_000 },
];

/** A topic of the measurement holds no more. */
const MAX_TOPIC_BYTES = 2 ** 30;

/** Rejects with the signal's reason when aborted, after the measurement that runs. */
export async function runKafkaBench(
  options: KafkaBenchOptions,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<KafkaBenchReport> {
  const { model, rounds, seconds, broker } = options;
  const machine = describeMachine();
  const topics = await BenchTopics.open(new KafkaClient({ brokers: [broker] }));
  const workload = await prepareWorkload(model, fitProgress(onProgress), signal);
  const { bundle } = workload;
  const backend = await chooseFor(options.backend, [bundle], { say: options.onBackend });
  const engine = new Engine({ models: ModelSet.single(bundle), backend, overlay: () => 'never' });
  const decoder = new DecodeJudge(bundle);
  try {
    await engine.start();
    const bench = new KafkaBench(options, { engine, decoder, topics }, onProgress, signal);
    const sizes: KafkaFramesReport[] = [];
    for (const { scale, bytes } of SIZES) {
      const { width, height } = bundle.manifest.input;
      sizes.push(await bench.measure({ width: scale * width, height: scale * height }, bytes));
    }
    return {
      schema: 'patchline.bench-kafka/1',
      machine,
      backend,
      model: { id: bundle.id, name: bundle.manifest.name },
      settings: { rounds, seconds },
      sizes,
    };
  } finally {
    await Promise.allSettled([engine.stop(), decoder.close(), topics.close(), workload.remove()]);
  }
}

interface Parts {
  readonly engine: Engine;
  readonly decoder: DecodeJudge;
  readonly topics: BenchTopics;
}

class KafkaBench {
  readonly #options: KafkaBenchOptions;
  readonly #parts: Parts;
  readonly #onProgress: OnBenchProgress;
  readonly #signal: AbortSignal;
  #done = 0;

  constructor(
    options: KafkaBenchOptions,
    parts: Parts,
    onProgress: OnBenchProgress,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  async measure(size: Size, bytes: number): Promise<KafkaFramesReport> {
    const frames = await kafkaFrames(size, bytes);
    const count = await this.#countFor(frames);
    const rounds = await this.#rounds(frames, count);
    const speeds = speedsOf(rounds);
    const total = frames.reduce((sum, frame) => sum + frame.length, 0);
    return {
      ...size,
      bytes: Math.round(total / frames.length),
      frames: count,
      ...speeds,
      latency: await this.#latency(frames, speeds.kafka.median),
    };
  }

  /** Enough for the time that a measurement is to take, by a first look at the speed. */
  async #countFor(frames: readonly Uint8Array[]): Promise<number> {
    const flow = this.#flow(0);
    const ends = 2 * flow.credits.frames;
    const { framesPerSecond } = await fromMemory({ ...flow, count: 3 * ends }, frames);
    const wanted = Math.max(ends, Math.ceil(framesPerSecond * this.#options.seconds));
    return ends + Math.min(wanted, Math.floor(MAX_TOPIC_BYTES / frames[0].length));
  }

  async #rounds(frames: readonly Uint8Array[], count: number): Promise<Rounds> {
    const { decoder, topics } = this.#parts;
    const topic = await topics.filled(frames, count);
    const flow = await this.#kafkaFlow(topic, count);
    const cases = {
      engine: () => fromMemory(flow, frames),
      kafka: () => fromKafka(flow),
      decode: () => fromKafka({ ...flow, judge: decoder }),
    };
    const rates = { engine: [], kafka: [], decode: [] } as Record<
      keyof Rounds,
      Rounds['kafka'][number][]
    >;
    for (let round = 0; round < this.#options.rounds; round++) {
      for (const name of ['engine', 'kafka', 'decode'] as const) {
        rates[name].push(await cases[name]());
        this.#step(name);
      }
    }
    return rates;
  }

  async #latency(frames: readonly Uint8Array[], speed: number): Promise<LatencyReport> {
    const rate = LOAD * speed;
    const count = Math.max(MIN_LATENCY_FRAMES, Math.ceil(rate * this.#options.seconds));
    const topic = await this.#parts.topics.make('live');
    const { broker } = this.#options;
    const data: FeederData = { broker, topic, partitions: PARTITIONS, frames, count, rate };
    const found = await latencies(await this.#kafkaFlow(topic, count), () => feed(data));
    this.#step('latency');
    return latencyOf(found, rate);
  }

  #flow(count: number): Flow {
    const { engine } = this.#parts;
    return { judge: engine, credits: defaultCredits(engine.framesInWork), count };
  }

  async #kafkaFlow(frames: string, count: number): Promise<KafkaFlow> {
    const results = await this.#parts.topics.make('results');
    return { ...this.#flow(count), broker: this.#options.broker, frames, results };
  }

  #step(detail: string): void {
    const total = SIZES.length * (3 * this.#options.rounds + 1);
    this.#onProgress({ phase: 'measure', done: ++this.#done, total, detail });
    this.#signal.throwIfAborted();
  }
}

async function feed(workerData: FeederData): Promise<void> {
  const thread = new Worker(new URL('./feeder-thread.js', import.meta.url), { workerData });
  await once(thread, 'exit');
}

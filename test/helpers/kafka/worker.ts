/** A worker as `patchline run` makes one, around a judge of the test's choice. */
import type { PatchlineError } from '../../../src/errors.js';
import type { Frame } from '../../../src/frame/frame.js';
import type { KafkaObserver } from '../../../src/stream/kafka/events.js';
import { openKafka } from '../../../src/stream/kafka/kafka.js';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import type { KafkaSink } from '../../../src/stream/kafka/sink.js';
import type { KafkaSource } from '../../../src/stream/kafka/source.js';
import { type Judge, Pipeline } from '../../../src/stream/pipeline.js';

export interface WorkerSetup {
  /** Credits. Default 16 frames, 64 MiB. */
  readonly frames?: number;
  readonly bytes?: number;
  readonly observer?: KafkaObserver;
}

export class Worker {
  readonly source: KafkaSource;
  readonly pipeline: Pipeline;
  /** Without their bytes: what a test keeps is not what the worker needs. */
  readonly settled: Omit<Frame, 'bytes'>[] = [];
  /** Lines of the log above `debug`. */
  readonly log: string[];
  failure: PatchlineError | undefined;
  readonly #sink: KafkaSink;

  private constructor(
    judge: Judge,
    { source, sink }: { source: KafkaSource; sink: KafkaSink },
    { frames = 16, bytes = 2 ** 26 }: WorkerSetup,
    log: string[],
  ) {
    this.source = source;
    this.#sink = sink;
    this.log = log;
    const fail = (error: PatchlineError) => {
      this.failure ??= error;
    };
    this.pipeline = new Pipeline(judge, [sink], { frames, bytes }, fail, {
      settled: ({ id, camera, capturedAt, encoding, origin }) =>
        this.settled.push({ id, camera, capturedAt, encoding, origin }),
    });
    source.finished.catch(fail);
  }

  static async start(site: KafkaOptions, judge: Judge, setup: WorkerSetup = {}): Promise<Worker> {
    const lines: string[] = [];
    const line = (message: string, fields: object = {}) =>
      lines.push(`${message} ${JSON.stringify(fields)}`);
    const log = { debug() {}, info: line, warn: line, error: line };
    const observer = setup.observer ?? {};
    const worker = new Worker(judge, await openKafka(site, { observer, log }), setup, lines);
    await worker.source.start(worker.pipeline.admit);
    return worker;
  }

  /** The engine or Kafka is broken for good. */
  get broken(): boolean {
    return this.failure !== undefined;
  }

  /** What SIGTERM does: takes in nothing more, finishes, commits, leaves. */
  async stop(): Promise<void> {
    await this.source.stop();
    await this.#sink.close();
  }
}

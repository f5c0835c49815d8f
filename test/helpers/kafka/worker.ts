/** A worker as `patchline run` makes one, around a judge of the test's choice. */
import type { PatchlineError } from '../../../src/errors.js';
import type { KafkaObserver } from '../../../src/stream/kafka/events.js';
import { openKafka } from '../../../src/stream/kafka/kafka.js';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import type { KafkaSource } from '../../../src/stream/kafka/source.js';
import { type Judge, Pipeline } from '../../../src/stream/pipeline.js';

export interface WorkerSetup {
  readonly frames?: number;
  readonly bytes?: number;
  readonly observer?: KafkaObserver;
}

export class Worker {
  readonly source: KafkaSource;
  readonly pipeline: Pipeline;
  readonly log: string[] = [];
  failure: PatchlineError | undefined;
  readonly #close: () => Promise<void>;

  private constructor(source: KafkaSource, pipeline: Pipeline, close: () => Promise<void>) {
    this.source = source;
    this.pipeline = pipeline;
    this.#close = close;
    source.finished.catch((error: PatchlineError) => {
      this.failure ??= error;
    });
  }

  static async start(site: KafkaOptions, judge: Judge, setup: WorkerSetup = {}): Promise<Worker> {
    const { frames = 16, bytes = 2 ** 26, observer = {} } = setup;
    const lines: string[] = [];
    const line =
      (level: string) =>
      (message: string, fields: object = {}) => {
        if (level !== 'debug' || process.env.DEBUG)
          lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
      };
    const log = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    };
    const { source, sink } = await openKafka(site, { observer, log });
    const onFailure = (error: PatchlineError) => {
      worker.failure ??= error;
    };
    const pipeline = new Pipeline(judge, [sink], { frames, bytes }, onFailure);
    const worker: Worker = new Worker(source, pipeline, () => sink.close());
    worker.log.push(...lines);
    await source.start(pipeline.admit);
    return worker;
  }

  /** What SIGTERM does: takes in nothing more, finishes, commits, leaves. */
  async stop(): Promise<void> {
    await this.source.stop();
    await this.#close();
  }
}

export const startWorker = Worker.start;

/** Results, maps and dead letters into Kafka; settled once all of them are acknowledged. */
import { asPatchlineError } from '../../errors.js';
import type { Frame, Judgement, Outcome, Rejection } from '../../frame/frame.js';
import type { OutcomeSink } from '../ports.js';
import type { KafkaClient } from './client.js';
import { causeOf } from './errors.js';
import { type KafkaLog, type KafkaObserver, Progress, type RecordKind, SILENT } from './events.js';
import { RecordTooLarge } from './lane.js';
import type { CompiledTopics } from './options.js';
import { Publisher } from './publisher.js';
import {
  deadLetterRecord,
  mapRecord,
  type OutRecord,
  resultRecord,
  shortResultRecord,
} from './record.js';

export interface KafkaSinkOptions {
  readonly observer?: KafkaObserver;
  readonly log?: KafkaLog;
  /** Touched while the sink waits for a broker: that is no hanging engine. */
  readonly progress?: Progress;
}

interface Publishers {
  readonly results: Publisher;
  readonly maps?: Publisher;
  readonly deadLetters?: Publisher;
}

export class KafkaSink implements OutcomeSink {
  readonly name = 'kafka';
  readonly #client: KafkaClient;
  readonly #observer: KafkaObserver;
  readonly #log: KafkaLog;
  readonly #publishers: Publishers;

  private constructor(client: KafkaClient, publishers: Publishers, options: KafkaSinkOptions) {
    this.#client = client;
    this.#publishers = publishers;
    this.#observer = options.observer ?? {};
    this.#log = options.log ?? SILENT;
  }

  /** @throws PL_KAFKA if it cannot connect or is not allowed to produce */
  static async open(
    client: KafkaClient,
    topics: CompiledTopics,
    options: KafkaSinkOptions = {},
  ): Promise<KafkaSink> {
    const open = (kind: RecordKind, topic: string) =>
      Publisher.open(client, topic, eventsFor(kind, topic, options));
    const opening = await Promise.allSettled([
      open('result', topics.results),
      topics.maps === undefined ? undefined : open('map', topics.maps),
      topics.deadLetters === undefined ? undefined : open('dead-letter', topics.deadLetters),
    ]);
    const failed = opening.find((result) => result.status === 'rejected');
    const [results, maps, deadLetters] = opening.map((result) =>
      result.status === 'fulfilled' ? result.value : undefined,
    );
    const opened = [results, maps, deadLetters].filter((publisher) => publisher !== undefined);
    if (failed !== undefined || results === undefined) {
      await Promise.allSettled(opened.map((publisher) => publisher.close()));
      throw client.error(failed?.reason);
    }
    const publishers = { results, ...(maps && { maps }), ...(deadLetters && { deadLetters }) };
    return new KafkaSink(client, publishers, options);
  }

  async publish(frame: Frame, outcome: Outcome): Promise<void> {
    try {
      await Promise.all([
        this.#publishResult(frame, outcome),
        outcome.verdict === 'rejected'
          ? this.#publishDeadLetter(frame, outcome)
          : this.#publishMap(frame, outcome),
      ]);
    } catch (error) {
      throw this.#client.error(error);
    }
  }

  /** The last of a worker to close: with it go all connections of its client. */
  async close(): Promise<void> {
    const { results, maps, deadLetters } = this.#publishers;
    await Promise.allSettled([results.close(), maps?.close(), deadLetters?.close()]);
    this.#client.close();
  }

  async #publishResult(frame: Frame, outcome: Outcome): Promise<void> {
    const { results, maps } = this.#publishers;
    const record = resultRecord(frame, outcome, maps?.topic);
    if (outcome.verdict === 'rejected') return results.publish(frame.camera, record);
    await results.publish(frame.camera, record, () => {
      this.#tooLarge('result', frame, record);
      return shortResultRecord(frame, outcome, maps?.topic);
    });
  }

  /** A map that cannot be sent is counted, and its result stands: it holds up nothing. */
  async #publishMap(frame: Frame, { grid, model }: Judgement): Promise<void> {
    const { maps } = this.#publishers;
    if (maps === undefined || grid === undefined) return;
    const record = mapRecord(frame, { grid, model });
    try {
      await maps.publish(frame.camera, record);
    } catch (error) {
      if (error instanceof RecordTooLarge) return this.#tooLarge('map', frame, await record);
      if (asPatchlineError(error).code !== 'PL_NUMERIC') throw error;
      this.#log.warn('a map cannot be drawn', { frame: frame.id, error });
    }
  }

  /** One that the topic does not take goes out without its value, then not at all. */
  async #publishDeadLetter(frame: Frame, rejection: Rejection): Promise<void> {
    const { deadLetters } = this.#publishers;
    if (deadLetters === undefined) return;
    const withoutValue = deadLetterRecord(frame, rejection, false);
    try {
      await deadLetters.publish(frame.camera, deadLetterRecord(frame, rejection), (record) => {
        this.#tooLarge('dead-letter', frame, record);
        return withoutValue;
      });
    } catch (error) {
      if (!(error instanceof RecordTooLarge)) throw error;
      this.#tooLarge('dead-letter', frame, withoutValue);
    }
  }

  #tooLarge(kind: RecordKind, frame: Frame, record: OutRecord): void {
    this.#observer.oversize?.(kind);
    const bytes = record.value?.byteLength ?? 0;
    this.#log.warn('a record is larger than its topic takes', { kind, frame: frame.id, bytes });
  }
}

/** One line when a topic stops taking records, one when it does again. */
function eventsFor(
  kind: RecordKind,
  topic: string,
  { observer = {}, log = SILENT, progress = new Progress() }: KafkaSinkOptions,
) {
  let failing = false;
  return {
    published(record: OutRecord) {
      if (failing) log.info('Kafka takes records again', { topic });
      failing = false;
      observer.published?.(kind, record.value?.byteLength ?? 0);
    },
    retried(error: unknown) {
      progress.touch();
      observer.retried?.(kind);
      if (!failing)
        log.warn('Kafka does not take records; trying again', { topic, ...causeOf(error) });
      failing = true;
    },
  };
}

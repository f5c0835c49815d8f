/** The synthetic line as cameras are: its frames go to a Kafka topic, keyed by camera. */
import type { Frame } from '../frame/frame.js';
import { checkTopicOf } from '../stream/kafka/check.js';
import { KafkaClient } from '../stream/kafka/client.js';
import type { ConnectionOptions } from '../stream/kafka/options.js';
import { Publisher } from '../stream/kafka/publisher.js';
import type { OutRecord } from '../stream/kafka/record.js';
import type { LineSource } from '../stream/line/source.js';

export interface FeedOptions {
  readonly connection: ConnectionOptions;
  readonly topic: string;
  readonly line: LineSource;
  /** The brokers take no records (true), or do so again (false). */
  readonly onTrouble: (trouble: boolean) => void;
}

/**
 * Sends until the line has no more frames or the signal aborts. A camera waits for the brokers to
 * have its last frame: it slows down and drops none.
 *
 * @returns the frames that the brokers have
 * @throws PL_CONFIG or PL_KAFKA; PL_SOURCE if nothing can be drawn
 */
export async function feedKafka(options: FeedOptions, signal: AbortSignal): Promise<number> {
  const { connection, topic, line, onTrouble } = options;
  const client = new KafkaClient(connection);
  let sent = 0;
  const events = {
    published: () => {
      sent++;
      onTrouble(false);
    },
    retried: () => onTrouble(true),
  };
  let publisher: Publisher | undefined;
  try {
    await checkTopicOf(client, topic);
    publisher = await Publisher.open(client, topic, events);
    await send(line, publisher, signal);
    return sent;
  } catch (error) {
    throw client.error(error);
  } finally {
    await line.stop();
    await publisher?.close();
    client.close();
  }
}

async function send(line: LineSource, publisher: Publisher, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const stop = (): void => {
    void line.stop();
    void publisher.close(); // ends the frames that a broker keeps waiting, too
  };
  signal.addEventListener('abort', stop, { once: true });
  const settled = Promise.resolve();
  await line.start(async (frame) => {
    await publisher.publish(frame.camera, recordOf(frame));
    return { settled };
  });
  await line.finished;
}

/** Without an id of its own: a line that starts again repeats itself, its records do not. */
function recordOf({ camera, bytes, capturedAt }: Frame): OutRecord {
  return {
    camera,
    key: camera,
    value: Buffer.from(bytes),
    headers: { 'content-type': 'image/jpeg', 'captured-at': String(capturedAt) },
  };
}

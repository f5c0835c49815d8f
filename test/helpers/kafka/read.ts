import { randomUUID } from 'node:crypto';
import type { Consumer, EachMessagePayload, IHeaders, Kafka } from 'kafkajs';
import { deferred } from '../../../src/deferred.js';

export interface ReadRecord {
  readonly key: string | undefined;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly offset: string;
  /** When it was sent, milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface End {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

/** Every record up to `ends`, in the order of the partitions. */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  ends: readonly End[],
): Promise<ReadRecord[]> {
  const open = new Map(ends.flatMap((e) => (e.high === e.low ? [] : [[e.partition, e.high]])));
  if (open.size === 0) return [];
  const records = new Map<string, ReadRecord>(); // a consumer that breaks begins again
  const done = deferred();
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  try {
    await subscribe(consumer, topic, done.reject);
    await consumer.run({
      autoCommit: false,
      eachMessage: async (payload) => {
        const record = recordOf(payload);
        const { partition, offset } = record;
        records.set(`${partition} ${offset}`, record);
        if (BigInt(offset) + 1n >= BigInt(open.get(partition) ?? 0)) open.delete(partition);
        if (open.size === 0) done.resolve();
      },
    });
    await done.promise;
  } finally {
    await consumer.disconnect();
  }
  const all = [...records.values()];
  return all.sort((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));
}

async function subscribe(
  consumer: Consumer,
  topic: string,
  fail: (error: Error) => void,
): Promise<void> {
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) fail(payload.error);
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
}

function recordOf({ partition, message }: EachMessagePayload): ReadRecord {
  const { offset, key, value, headers = {}, timestamp } = message;
  return {
    key: key?.toString(),
    value,
    headers: textHeaders(headers),
    partition,
    offset,
    timestamp: Number(timestamp),
  };
}

function textHeaders(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** Sends frames at a rate, as cameras do: in a thread of its own, to leave the worker alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { KafkaClient } from '../../stream/kafka/client.js';
import { PATIENCE } from './topics.js';

export interface FeederData {
  readonly broker: string;
  readonly topic: string;
  readonly partitions: number;
  readonly frames: readonly Uint8Array[];
  readonly count: number;
  /** Frames a second. */
  readonly rate: number;
}

const { broker, topic, partitions, frames, count, rate } = workerData as FeederData;
const producer = new KafkaClient({ brokers: [broker] }).producer(PATIENCE);
await producer.connect();
const begin = performance.now();
let sending: Promise<unknown> = Promise.resolve();
for (let n = 0; n < count; n++) {
  await sleep(Math.max(0, begin + (1000 * n) / rate - performance.now()));
  const partition = n % partitions;
  const message = {
    key: `cam-${partition}`,
    partition,
    value: Buffer.from(frames[n % frames.length]),
    headers: { 'captured-at': String(Date.now()) },
  };
  sending = sending.then(() => producer.send({ topic, messages: [message] })); // one at a time
}
await sending;
await producer.disconnect();

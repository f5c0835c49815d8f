/**
 * A worker in a process of its own, to be signalled and killed. Speaks over IPC; ends with 0 after
 * SIGTERM, with 1 and its error on stderr if it broke.
 */
import { deferred } from '../../../src/deferred.js';
import type { PatchlineError } from '../../../src/errors.js';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import { FakeJudge, type FakeJudgeOptions } from './judge.js';
import { Worker } from './worker.js';

export interface ProcessSetup {
  readonly site: KafkaOptions;
  readonly judge: FakeJudgeOptions;
  readonly frames: number;
}

export type ProcessMessage =
  | { readonly event: 'joined'; readonly partitions: readonly number[] }
  | { readonly event: 'settled'; readonly frames: number };

const { site, judge, frames }: ProcessSetup = JSON.parse(process.env.WORKER_SETUP!);
const tell = (message: ProcessMessage) => process.connected && process.send!(message);

const stop = deferred();
process.on('SIGTERM', () => stop.resolve());
try {
  const worker = await Worker.start(site, new FakeJudge(judge), {
    frames,
    observer: { joined: (partitions) => tell({ event: 'joined', partitions }) },
  });
  setInterval(() => tell({ event: 'settled', frames: worker.settled.length }), 50).unref();
  await Promise.race([stop.promise, worker.source.finished]);
  await worker.stop();
  tell({ event: 'settled', frames: worker.settled.length });
  if (worker.failure !== undefined) throw worker.failure;
  process.disconnect();
} catch (error) {
  process.stderr.write(`${(error as PatchlineError).explanation}\n`);
  process.exit(1);
}

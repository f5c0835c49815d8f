/** Frames through a pipeline, from memory or from Kafka, and how fast they were settled. */
import { randomUUID } from 'node:crypto';
import { deferred } from '../../deferred.js';
import type { Load } from '../../engine/credits.js';
import { PatchlineError } from '../../errors.js';
import type { Frame, Outcome } from '../../frame/frame.js';
import { openKafka } from '../../stream/kafka/kafka.js';
import { type Judge, Pipeline } from '../../stream/pipeline.js';
import type { FrameSource, OutcomeSink } from '../../stream/ports.js';
import { cpuClock, type Rate } from '../rounds.js';

export interface Flow {
  readonly judge: Judge;
  readonly credits: Load;
  /** Frames that come in all. */
  readonly count: number;
}

const nullSink: OutcomeSink = {
  name: 'null',
  publish: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Nothing is settled for so long, ms: a slow machine, not a hanging one. */
const STALL_MS = 600_000;

/** The same frames over and over, as fast as they are let in. */
export function fromMemory(flow: Flow, frames: readonly Uint8Array[]): Promise<Rate> {
  const source: FrameSource = {
    name: 'memory',
    finished: Promise.resolve(),
    async start(admit) {
      for (let n = 0; n < flow.count; n++) {
        await admit({
          id: `frame-${n}`,
          camera: `cam-${n % 8}`,
          capturedAt: Date.now(),
          bytes: frames[n % frames.length],
          encoding: { kind: 'encoded' },
          origin: { topic: 'memory', partition: n % 8, offset: String(n) },
        });
      }
    },
    stop: () => Promise.resolve(),
  };
  return rateOf(flow, source, nullSink);
}

export interface KafkaFlow extends Flow {
  readonly broker: string;
  readonly frames: string;
  readonly results: string;
}

/** A whole topic, from its beginning. */
export async function fromKafka(flow: KafkaFlow): Promise<Rate> {
  const { source, sink } = await open(flow);
  return rateOf(flow, source, sink);
}

/**
 * @param whileRunning sends the frames
 * @returns milliseconds from the capture of each frame to its acknowledged result
 */
export async function latencies(
  flow: KafkaFlow,
  whileRunning: () => Promise<void>,
): Promise<number[]> {
  const { source, sink } = await open(flow);
  const found: number[] = [];
  await run(flow, source, sink, whileRunning, ({ capturedAt }) => {
    found.push(Date.now() - capturedAt);
  });
  return found;
}

function open({ broker, frames, results }: KafkaFlow) {
  return openKafka({
    connection: { brokers: [broker], clientId: 'patchline-bench' },
    topics: { frames, results },
    group: { id: `patchline-bench-${randomUUID()}`, stallMs: STALL_MS },
  });
}

/**
 * Between the moments when the pipe is full and when the last frames come in: `credits` after the
 * first and `credits` before the last.
 */
async function rateOf(flow: Flow, source: FrameSource, sink: OutcomeSink): Promise<Rate> {
  const first = flow.credits.frames;
  const last = flow.count - flow.credits.frames;
  let settled = 0;
  let begin = 0;
  let ms = 0;
  let cpuMs = cpuClock();
  let cpu = 0;
  await run(
    flow,
    source,
    sink,
    () => Promise.resolve(),
    () => {
      settled++;
      if (settled === first) [begin, cpuMs] = [performance.now(), cpuClock()];
      if (settled === last) [ms, cpu] = [performance.now() - begin, cpuMs()];
    },
  );
  const frames = last - first;
  return { framesPerSecond: (1000 * frames) / ms, cpuMsPerFrame: cpu / frames };
}

/** Until all frames are settled. @throws if one was not judged */
async function run(
  { judge, credits, count }: Flow,
  source: FrameSource,
  sink: OutcomeSink,
  whileRunning: () => Promise<void>,
  onSettled: (frame: Frame) => void,
): Promise<void> {
  const done = deferred();
  let settled = 0;
  const pipeline = new Pipeline(judge, [sink], credits, done.reject, {
    settled: (frame: Frame, outcome: Outcome) => {
      if (outcome.verdict === 'rejected') done.reject(notJudged(frame, outcome.message));
      onSettled(frame);
      if (++settled === count) done.resolve();
    },
  });
  source.finished.catch(done.reject);
  try {
    await source.start(pipeline.admit);
    await Promise.all([whileRunning(), done.promise]);
  } finally {
    await source.stop();
    await sink.close();
  }
}

function notJudged({ id }: Frame, reason: string): PatchlineError {
  return new PatchlineError('PL_STATE', `frame ${id} was not judged: ${reason}`);
}

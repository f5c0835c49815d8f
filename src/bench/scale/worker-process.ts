/** A worker of the measurement, in a process of its own. Tells over IPC; SIGTERM ends it cleanly. */
import { once } from 'node:events';
import { Engine } from '../../engine/engine.js';
import { ModelSet } from '../../engine/models.js';
import { readBundle } from '../../model/bundle.js';
import { openKafka } from '../../stream/kafka/kafka.js';
import { type Judge, Pipeline } from '../../stream/pipeline.js';
import { defaultCredits } from '../../stream/worker.js';
import { DecodeJudge } from '../kafka/decode-judge.js';
import { cpuClock } from '../rounds.js';
import { SimulatedGpu } from './simulated-gpu.js';
import type { Tick, WorkerMessage, WorkerSetup } from './worker.js';

const TICK_MS = 100;

const { model, device, broker, frames, results, group }: WorkerSetup = JSON.parse(process.argv[2]);
const tell = (message: WorkerMessage): void => void process.send?.(message);
const stop = once(process, 'SIGTERM');

const { judge, close } = await judgeOf();
const { source, sink } = await openKafka(
  {
    connection: { brokers: [broker], clientId: 'patchline-bench' },
    topics: { frames, results },
    group: { id: group },
  },
  { observer: { joined: (partitions) => tell({ event: 'joined', partitions: [...partitions] }) } },
);
const cpuMs = cpuClock();
let latenciesMs: number[] = [];
const pipeline = new Pipeline(judge, [sink], defaultCredits(2), fail, {
  settled: ({ capturedAt }) => latenciesMs.push(Date.now() - capturedAt),
});
source.finished.catch(fail);
const ticker = setInterval(tick, TICK_MS);
await source.start(pipeline.admit);
await stop;
await source.stop();
clearInterval(ticker);
tick();
await sink.close();
await close();
process.disconnect();

function tick(): void {
  const told: Tick = {
    event: 'tick',
    latenciesMs,
    cpuMs: cpuMs(),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  latenciesMs = [];
  tell(told);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

async function judgeOf(): Promise<{ judge: Judge; close: () => Promise<void> }> {
  const bundle = await readBundle(model);
  if ('gpuMs' in device) {
    const decoder = new DecodeJudge(bundle, 1);
    return { judge: new SimulatedGpu(decoder, device.gpuMs), close: () => decoder.close() };
  }
  const models = ModelSet.single(bundle);
  const threads = { encoderThreads: 1, decodeThreads: 1 };
  const { backend } = device;
  const engine = new Engine({ models, backend, ...threads, overlay: () => 'never' });
  await engine.start();
  return { judge: engine, close: () => engine.stop() };
}

/**
 * What a scrape of 50 cameras costs the main thread, beside what prom-client's own writer would:
 * `npm run --silent build && node dist/test/helpers/scrape-cost.js`
 */
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { exposition } from '../../src/observe/exposition.js';
import { kafkaMetrics } from '../../src/observe/kafka-metrics.js';
import { Metrics } from '../../src/observe/metrics.js';
import { Random } from '../../src/random.js';
import type { Standing } from '../../src/watch/standing.js';
import { frameOf, judgementOf } from '../observe/synthetic.js';

const CAMERAS = 50;
/** Of each camera between two scrapes: 10 frames/s, scraped every 15 s. */
const FRAMES = 150;
const SCRAPES = 150;
/** Not counted: the compiler is still at work. */
const COLD = 30;

const STANDING: Standing = {
  line: { state: 'ok', before: 'ok', anomalous: 0, of: 8 },
  drift: { value: 0.1, limit: 0.2, warning: false, changed: false },
  alpha: 0.05,
};

const NOW = Date.now();
const registry = new Registry();
const metrics = new Metrics(registry);
kafkaMetrics(metrics, 'frames');

/** Scores of good frames and 5 % defects, latencies about 60 ms: as many new exemplars as a line makes. */
function deliver(random: Random): void {
  for (let i = 0; i < CAMERAS * FRAMES; i++) {
    const latencyMs = 60 * Math.exp(random.normal(0, 0.4));
    const frame = frameOf(
      `cam-${i % CAMERAS}`,
      `frames-${i % 8}-${random.integer(0, 1e6)}`,
      NOW - latencyMs,
    );
    const score = random.uniform(0, 1) < 0.05 ? random.uniform(10, 60) : random.normal(0, 1.5);
    metrics.frameSettled(frame, { ...judgementOf(score), standing: STANDING }, NOW);
  }
}

const ways = {
  'prom-client, text': () => registry.metrics(),
  'Patchline, text': () => exposition(registry, 'text'),
  'Patchline, OpenMetrics': () => exposition(registry, 'openmetrics'),
};

/**
 * CPU time of the main thread alone (Linux), which a busy machine leaves as it is; nanoseconds. The
 * kernel brings it up to date when the thread sleeps.
 */
function threadTime(): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.1);
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
}

const random = new Random(1);
const times = new Map<string, number[]>();
for (let i = 0; i < SCRAPES; i++) {
  deliver(random);
  for (const [name, way] of Object.entries(ways)) {
    const start = threadTime();
    const bytes = Buffer.byteLength(await way());
    times.set(name, [...(times.get(name) ?? []), (threadTime() - start) / 1e6]);
    if (i === SCRAPES - 1) process.stdout.write(`${name}: ${bytes} bytes\n`);
  }
}
for (const [name, each] of times) {
  const warm = each.slice(COLD).sort((a, b) => a - b);
  const [median, high] = [0.5, 0.95].map((p) => warm[Math.floor(p * warm.length)].toFixed(1));
  process.stdout.write(`${name}: ${median} ms a scrape, 95 % within ${high} ms\n`);
}

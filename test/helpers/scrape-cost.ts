/**
 * What a scrape of 50 cameras costs the main thread, beside what prom-client's own writer would:
 * `npm run --silent build && node dist/test/helpers/scrape-cost.js`
 */
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { exposition } from '../../src/observe/exposition.js';
import { kafkaMetrics } from '../../src/observe/kafka-metrics.js';
import { Metrics } from '../../src/observe/metrics.js';
import type { Standing } from '../../src/watch/standing.js';
import { frameOf, judgementOf } from '../observe/synthetic.js';

const CAMERAS = 50;
const SCRAPES = 300;

const STANDING: Standing = {
  line: { state: 'ok', before: 'ok', anomalous: 0, of: 8 },
  drift: { value: 0.1, limit: 0.2, warning: false, changed: false },
  alpha: 0.05,
};

const registry = new Registry();
const metrics = new Metrics(registry);
kafkaMetrics(metrics, 'frames');

/** Frames of all scores and latencies: every bucket gets an exemplar, and a new one each time. */
function deliver(round: number): void {
  for (let camera = 0; camera < CAMERAS; camera++) {
    for (let i = 0; i < 40; i++) {
      const frame = frameOf(`cam-${camera}`, `frames-${camera}-${round}-${i}`, Date.now() - 30 * i);
      metrics.frameSettled(frame, { ...judgementOf(i), standing: STANDING });
    }
  }
}

const ways = {
  'prom-client, text': () => registry.metrics(),
  'Patchline, text': () => exposition(registry, 'text'),
  'Patchline, OpenMetrics': () => exposition(registry, 'openmetrics'),
};

/** CPU time of the main thread alone (Linux), which a busy machine leaves as it is; nanoseconds. */
function threadTime(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
}

const times = new Map<string, number[]>();
for (let i = 0; i < SCRAPES; i++) {
  if (i % 10 === 0) deliver(i);
  for (const [name, way] of Object.entries(ways)) {
    const start = threadTime();
    const bytes = Buffer.byteLength(await way());
    times.set(name, [...(times.get(name) ?? []), (threadTime() - start) / 1e6]);
    if (i === 0) process.stdout.write(`${name}: ${bytes} bytes\n`);
  }
}
for (const [name, each] of times) {
  const warm = each.slice(SCRAPES / 3);
  // The kernel counts in ticks of some ms: only the mean tells.
  const mean = warm.reduce((sum, ms) => sum + ms, 0) / warm.length;
  process.stdout.write(`${name}: ${mean.toFixed(1)} ms a scrape\n`);
}

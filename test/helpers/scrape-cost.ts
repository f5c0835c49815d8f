/**
 * What a scrape of 50 cameras costs the main thread, beside what prom-client's own writer would:
 * `npm run --silent build && node dist/test/helpers/scrape-cost.js`. Wall time: run it on an idle
 * machine, and read the lower quartile on one that is not.
 */
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

const times = new Map<string, number[]>();
for (let i = 0; i < SCRAPES; i++) {
  if (i % 10 === 0) deliver(i);
  for (const [name, way] of Object.entries(ways)) {
    const start = performance.now();
    const bytes = Buffer.byteLength(await way());
    times.set(name, [...(times.get(name) ?? []), performance.now() - start]);
    if (i === 0) process.stdout.write(`${name}: ${bytes} bytes\n`);
  }
}
for (const [name, each] of times) {
  const sorted = each.slice(SCRAPES / 3).sort((a, b) => a - b); // the first ones warm up
  const [quartile, median] = [0.25, 0.5].map((p) => sorted[Math.floor(p * sorted.length)]);
  process.stdout.write(
    `${name}: median ${median.toFixed(1)} ms, lower quartile ${quartile.toFixed(1)} ms\n`,
  );
}

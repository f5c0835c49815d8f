import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Registry } from 'prom-client';
import { exposition } from '../../src/observe/exposition.js';
import { registerNodeMetrics } from '../../src/observe/node-metrics.js';

/** A scrape, by series. */
async function scrape(registry: Registry): Promise<Map<string, number>> {
  const lines = (await exposition(registry, 'text')).split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(samples.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]));
}

function within(value: number | undefined, expected: number, share: number): boolean {
  return Math.abs((value ?? Number.NaN) / expected - 1) < share;
}

test('memory, heap and start are what the system says', async (t) => {
  const registry = new Registry();
  registerNodeMetrics(registry);
  const samples = await scrape(registry);
  const started = Date.now() / 1000 - process.uptime();
  t.true(Math.abs((samples.get('process_start_time_seconds') ?? 0) - started) < 2);
  const { heapUsed } = process.memoryUsage();
  t.true(within(samples.get('nodejs_heap_size_used_bytes'), heapUsed, 0.5));
  if (process.platform !== 'linux') return;
  const [, kilobytes] = /VmRSS:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
  t.true(within(samples.get('process_resident_memory_bytes'), 1024 * Number(kilobytes), 0.2));
});

test('CPU time is counted from the start of the process, at every scrape', async (t) => {
  const registry = new Registry();
  registerNodeMetrics(registry);
  const before = process.cpuUsage();
  await scrape(registry);
  const cpu = (await scrape(registry)).get('process_cpu_seconds_total') ?? 0;
  const after = process.cpuUsage();
  t.true(cpu >= (before.user + before.system) / 1e6 && cpu <= (after.user + after.system) / 1e6);
});

test('a main thread that is blocked is late, until it has been told', async (t) => {
  const registry = new Registry();
  registerNodeMetrics(registry);
  await sleep(20);
  const end = performance.now() + 300;
  while (performance.now() < end); // nothing else runs
  await sleep(20);
  const lag = async () => (await scrape(registry)).get('nodejs_eventloop_lag_p99_seconds') ?? 0;
  const late = await lag();
  t.true(late > 0.25, `${late}`);
  t.true((await lag()) < late, 'counted between scrapes');
});

test('collections of garbage by kind', async (t) => {
  const registry = new Registry();
  registerNodeMetrics(registry);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const count = 'nodejs_gc_duration_seconds_count{kind="major"}';
  while (!(await scrape(registry)).has(count)) await sleep(5); // observers are told later
  const samples = await scrape(registry);
  t.true((samples.get(count) ?? 0) >= 1);
  t.true((samples.get('nodejs_gc_duration_seconds_sum{kind="major"}') ?? 0) > 0);
});

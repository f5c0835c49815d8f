import test from 'ava';
import { type BenchReport, CASES, casesOf, ratiosOf } from '../../src/bench/report.js';
import { summary } from '../../src/bench/soak.js';
import { benchLines, scaleBenchLines, soakLines } from '../../src/cli/bench-table.js';

const machine = {
  cpu: 'Some Processor With a Long Name 1234 @ 2.50GHz',
  cores: 64,
  memoryBytes: 25_000_000_000,
  platform: 'linux x64',
  loadBefore: 0.12,
  node: 'v24.21.0',
  versions: { patchline: '0.1.0', tfjs: '4.22.0', piscina: '5.3.2' },
  date: '2026-11-23T18:19:20.000Z',
};

function report(threads: readonly number[]): BenchReport {
  const figures = threads.flatMap((count) =>
    CASES.map((name, i) => {
      const framesPerSecond = (1234.5678 * count) / 7 ** i;
      const rate = { framesPerSecond, cpuMsPerFrame: (1000 * count) / framesPerSecond };
      return { name, threads: count, rounds: [rate, rate, rate] };
    }),
  );
  const stagesMs = { wait: 250.123, decode: 5, encode: 24.6, density: 1, map: 2, overlay: 0 };
  const engine = { stagesMs, eventLoopDelayMs: { p50: 0.1234, p99: 19.876, max: 100.4 } };
  return {
    schema: 'patchline.bench/1',
    machine,
    backend: 'wasm',
    model: {
      id: 'f55bf5554573'.padEnd(64, '0'),
      name: 'metal',
      views: ['rf64'],
      density: 'nearest',
    },
    frame: { width: 256, height: 256, format: 'jpeg', patches: 2401 },
    settings: { rounds: 3, seconds: 2, resnet18Patches: 64 },
    cases: casesOf(figures),
    ratios: ratiosOf(figures),
    engine: threads.length > 1 ? { one: engine, all: engine } : { one: engine },
    latency: {
      load: 0.7,
      framesPerSecond: 863.45,
      frames: 180,
      p50Ms: 102.34,
      p99Ms: 245.61,
      p99OverP50: 2.4,
    },
  };
}

test('every line fits into 80 columns', (t) => {
  for (const line of benchLines(report([1, 64])))
    t.true(line.length <= 80, `${line.length}: ${line}`);
});

test('every case stands beside the paper’s way with as many threads', (t) => {
  const lines = benchLines(report([1, 2]));
  const row = (name: string, threads: number) =>
    lines.find((line) => line.startsWith(name) && line.includes(`  ${threads}  `))?.split(/ {2,}/);
  t.deepEqual(row('network', 1), [
    'network alone',
    '1',
    '1,230',
    '1,230',
    '1,230',
    '0.81',
    '118,000',
  ]);
  t.deepEqual(row('wasm: ResNet-18', 2)?.at(-1), '1');
});

test('one core: one column', (t) => {
  const lines = benchLines(report([1]));
  t.false(lines.some((line) => line.includes('2 threads') || line.includes('undefined')));
});

test('a soak says whether memory is flat', (t) => {
  const samples = Array.from({ length: 20 }, (_, i) => ({
    rss: 3e8 + 1e6 * i,
    heap: 3e7,
    tensors: 84,
  }));
  const lines = soakLines({
    schema: 'patchline.soak/1',
    backend: 'wasm',
    machine,
    frames: 10_016,
    framesPerSecond: 41.3,
    ...summary(samples),
  });
  t.true(lines.some((line) => line.startsWith('10016 frames')));
  t.deepEqual(lines.slice(-2), [
    'Memory, last tenth against the second: +5.3 %, it grows',
    'Tensors: constant',
  ]);
});

test('workers in one group: a row each, and what a change costs', (t) => {
  const one = { framesPerSecond: 39.4, cpuMsPerFrame: 16.5, coresBusy: 1.92, peakBytes: 2e8 };
  const lines = scaleBenchLines({
    schema: 'patchline.bench-scale/1',
    machine,
    settings: { seconds: 5, gpuMs: 25, frameBytes: 100_000 },
    cases: [{ device: 'simulated', workers: 4, partitions: 8, ...one }],
    rebalance: {
      framesPerSecond: 24,
      nothingMs: 96,
      joinMs: 274,
      leaveMs: 847,
      killMs: 11_637,
      sessionTimeoutMs: 10_000,
    },
  });
  for (const line of lines) t.true(line.length <= 80, `${line.length}: ${line}`);
  const cells = (start: string) => lines.find((line) => line.startsWith(start))?.split(/ {2,}/);
  t.deepEqual(cells('simulated'), ['simulated', '4', '8', '39.4', '16.5', '1.92', '190.7 MiB']);
  t.deepEqual(cells('2 workers, 24'), ['2 workers, 24 frames/s', '96', '274', '847', '11,600']);
});

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type BenchProgress, runBench } from '../../src/bench/bench.js';
import { CASES, type CaseReport } from '../../src/bench/report.js';
import { testModelDir } from '../helpers/model.js';

const SIZE = { width: 96, height: 80 };
const quick = {
  rounds: 1,
  seconds: 0.05,
  resnet18Patches: 2,
  backend: 'wasm',
  onBackend: () => {},
  threads: 2,
} as const;

// A place of its own: other tests and other people bench at the same time.
test.before(async () => {
  process.env.TMPDIR = await mkdtemp(join(tmpdir(), 'patchline-bench-test-'));
});
test.after.always(() => rm(tmpdir(), { recursive: true }));

const leftovers = async (): Promise<string[]> => {
  const names = await readdir(tmpdir());
  return names.filter((name) => name.startsWith('patchline-bench-'));
};

test.serial('measures every case with one thread and with all', async (t) => {
  const model = await testModelDir(SIZE);
  const steps: BenchProgress[] = [];
  const onProgress = (step: BenchProgress): void => void steps.push(step);
  const report = await runBench({ ...quick, model }, onProgress, new AbortController().signal);
  const label = ({ name, threads }: CaseReport): string => `${name} ${threads}`;
  t.deepEqual(
    report.cases.map(label),
    CASES.flatMap((name) => [`${name} 1`, `${name} 2`]),
  );
  for (const { name, framesPerSecond, cpuMsPerFrame, rounds } of report.cases) {
    t.true(framesPerSecond.median > 0 && Number.isFinite(framesPerSecond.median), name);
    t.true(cpuMsPerFrame.median > 0, name);
    t.is(rounds.length, 1);
  }
  t.deepEqual(report.frame, { ...SIZE, format: 'jpeg', patches: 9 * 5 });
  t.is(report.model.dir, model);
  t.true(report.ratios.denseOverResnet18Patches.one.median > 1);
  for (const engine of [report.engine.one, report.engine.all]) {
    t.true((engine?.stagesMs.encode ?? 0) > 0);
    t.true((engine?.eventLoopDelayMs.max ?? -1) >= 0);
  }
  const { latency } = report;
  t.true(latency.p50Ms > 0 && latency.p99Ms >= latency.p50Ms && latency.frames === 180);
  t.is(steps.at(-1)?.done, 28, 'fourteen cases, a warm-up and a round');
  t.deepEqual(JSON.parse(JSON.stringify(report)), report, 'the report is plain JSON');
  t.deepEqual(await leftovers(), []);
});

test.serial('stops on demand and leaves nothing behind', async (t) => {
  const model = await testModelDir(SIZE);
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(
    runBench({ ...quick, model }, () => {}, signal),
    { message: 'enough' },
  );
  t.deepEqual(await leftovers(), []);
});

test.serial('a model that is not there is told before anything starts', async (t) => {
  const options = { ...quick, model: '/nowhere' };
  const signal = new AbortController().signal;
  await t.throwsAsync(
    runBench(options, () => {}, signal),
    { code: 'PL_BUNDLE_MISSING' },
  );
});

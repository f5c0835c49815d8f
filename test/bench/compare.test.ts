import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compareRuns, readStoredRun } from '../../src/bench/compare.js';
import type { BenchReport } from '../../src/bench/report.js';
import { comparisonLines } from '../../src/cli/bench-table.js';

const spread = (median: number, scatter: number) => ({
  median,
  min: median - scatter,
  max: median + scatter,
});

/** A run whose engine and encoder have these speeds. */
function run(engine: number, encoder: number, scatter: number, cores = 2): BenchReport {
  const row = (name: string, speed: number) => ({
    name,
    threads: 1,
    framesPerSecond: spread(speed, scatter),
    cpuMsPerFrame: spread(1000 / speed, 1),
    rounds: [],
  });
  return {
    schema: 'patchline.bench/1',
    machine: {
      cpu: 'a processor',
      cores,
      node: 'v20.20.2',
      date: '2026-11-23T18:19:20.000Z',
      versions: { patchline: '0.1.0' },
    },
    backend: 'wasm',
    model: { id: 'f'.repeat(64) },
    cases: [row('engine', engine), row('encoder', encoder)],
  } as unknown as BenchReport; // what the comparison reads
}

test('a change is clear where the rounds of both runs do not overlap', (t) => {
  const { cases, differences, since } = compareRuns(run(10, 20, 1), run(25, 21, 1));
  t.is(since, '2026-11-23T18:19:20.000Z');
  t.deepEqual(differences, []);
  t.deepEqual(
    cases.map(({ name, framesPerSecond }) => ({ name, ...framesPerSecond })),
    [
      { name: 'engine', times: 2.5, clear: true },
      { name: 'encoder', times: 1.05, clear: false },
    ],
  );
  t.is(cases[0].cpuMsPerFrame.times, 0.4);
});

test('a case that the stored run lacks is left out; another machine is named', (t) => {
  const before = run(10, 20, 1);
  const comparison = compareRuns({ ...before, cases: [before.cases[0]] }, run(10, 20, 1, 4));
  t.deepEqual(
    comparison.cases.map(({ name }) => name),
    ['engine'],
  );
  const lines = comparisonLines(comparison);
  t.true(lines.includes('  not as it was: cores: 2 → 4'));
  t.true(lines.some((line) => /^engine: JPEG to verdict .* 1 ~ +1 ~$/.test(line)));
});

test('only what bench --json has written is compared with', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-compare-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const [good, other, none] = ['good', 'other', 'none'].map((name) => join(folder, name));
  await writeFile(good, JSON.stringify(run(10, 20, 1)));
  await writeFile(other, '{"schema":"patchline.soak/1"}');
  t.is((await readStoredRun(good)).cases.length, 2);
  const wrong = { code: 'PL_CONFIG', disposition: 'usage' };
  t.like(
    await t.throwsAsync(readStoredRun(other), { message: /no report of patchline bench/ }),
    wrong,
  );
  t.like(await t.throwsAsync(readStoredRun(none), { message: /ENOENT/ }), wrong);
});

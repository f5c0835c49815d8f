import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { beginRun, type Result, Results } from '../../src/experiments/result.js';

const RESULT: Omit<Result, 'run'> = {
  category: 'screw',
  seed: 1,
  condition: 'sigma=10',
  change: { readout: { sigma: 10 } },
  image: { auroc: 0.9, f1Max: 0.9, heldOutAuroc: 0.9 },
  pixel: { auroc: 0.9, ap: 0.5, aupro30: 0.8, aupro05: 0.5, f1Max: 0.5 },
  thresholds: [],
  cpuSeconds: 12,
};
const SIGMA = { name: 'sigma=10', readout: { sigma: 10 } };

async function newFile(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'patchline-results-')), 'results.jsonl');
}

test('what was added is there when the file is opened again', async (t) => {
  const path = await newFile();
  const run = beginRun('wasm');
  const results = await Results.open(path);
  t.false(results.has('screw', 1, SIGMA));
  results.add(run);
  results.add({ ...RESULT, run: run.run });
  const again = await Results.open(path);
  for (const { current, outdated, runs } of [results, again]) {
    t.deepEqual(current, [{ ...RESULT, run: run.run }]);
    t.is(outdated, 0);
    t.deepEqual(runs, [JSON.parse(JSON.stringify(run))]);
  }
  t.true(again.has('screw', 1, SIGMA));
  t.false(again.has('screw', 2, SIGMA));
  t.false(again.has('screw', 1, { ...SIGMA, readout: { sigma: 9 } }));
});

test('results of other defaults count no more; of two alike the later one does', async (t) => {
  const path = await newFile();
  const now = { ...beginRun('wasm'), run: 'now' };
  const lines = [
    { ...now, run: 'before', defaults: { steps: 65_000 } },
    { ...RESULT, run: 'before' },
    { ...RESULT, run: 'before', seed: 2 },
    now,
    { ...RESULT, run: 'now', cpuSeconds: 1 },
    { ...RESULT, run: 'now', cpuSeconds: 2 },
  ];
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const results = await Results.open(path);
  t.deepEqual(results.current, [{ ...RESULT, run: 'now', cpuSeconds: 2 }]);
  t.is(results.outdated, 1);
  t.false(results.has('screw', 2, SIGMA));
});

test('a line that is no result is named, and the file stays as it is', async (t) => {
  const path = await newFile();
  const content = `${JSON.stringify(beginRun('wasm'))}\n{"run": "x", "category": 7}\n`;
  await writeFile(path, content);
  const error = await t.throwsAsync(Results.open(path), { code: 'PL_CONFIG' });
  t.true(error?.message.includes('results.jsonl, line 2'));
  t.is(await readFile(path, 'utf8'), content);
});

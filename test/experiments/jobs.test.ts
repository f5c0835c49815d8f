import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runJobs, type TimedMeasured } from '../../src/experiments/jobs.js';
import type { Job } from '../../src/experiments/measure.js';
import { writeDataset } from '../e2e/dataset.js';

async function jobIn(dir: string, category: string, seed: number): Promise<Job> {
  return {
    path: join(dir, category),
    category,
    seed,
    training: { steps: 0 },
    conditions: [{ name: 'none', training: { steps: 0 } }],
    work: join(dir, 'work'),
  };
}

test('a job that fails is told with its reason, and the others give their results', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-jobs-'));
  await writeDataset(join(dir, 'weave'));
  const jobs = [
    await jobIn(dir, 'missing', 1),
    await jobIn(dir, 'weave', 1),
    await jobIn(dir, 'weave', 2),
  ];
  const measured: TimedMeasured[] = [];
  const ends = new Map<string, string | undefined>();
  await runJobs(jobs, {
    training: 'wasm',
    parallel: 2,
    signal: new AbortController().signal,
    onMeasured: (result) => measured.push(result),
    onEnd: ({ category, seed }, failure) => ends.set(`${category} ${seed}`, failure),
  });
  t.true(ends.get('missing 1')?.includes('does not exist'));
  t.is(ends.get('weave 1'), undefined);
  t.is(ends.size, 3);
  t.deepEqual(measured.map(({ category, seed }) => `${category} ${seed}`).sort(), [
    'weave 1',
    'weave 2',
  ]);
  t.true(measured.every(({ cpuSeconds }) => cpuSeconds > 0));
});

test('a stop ends the processes, and no further job begins', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-jobs-'));
  await writeDataset(join(dir, 'weave'));
  const long = { ...(await jobIn(dir, 'weave', 1)), training: { steps: 1_000_000 } };
  const controller = new AbortController();
  const checkpoint = join(dir, 'work', 'weave-1-steps-1000000', 'checkpoint.safetensors');
  const running = runJobs([long, long], {
    training: 'wasm',
    parallel: 1,
    signal: controller.signal,
    onMeasured: () => t.fail(),
    onEnd: () => t.fail(),
  });
  let saved = 0;
  while (saved === 0)
    saved = await readFile(checkpoint).then(
      ({ length }) => length,
      () => 0,
    );
  controller.abort();
  await running;
  t.pass();
});

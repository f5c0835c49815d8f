import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { digestOf, PartialRun } from '../../src/learn/partial.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-partial-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const record = { '--steps': 300, '--variant': '3-way' };

const checkpoint = (step: number) => ({
  step: { shape: [1], data: Float32Array.of(step) },
  weights: { shape: [2], data: Float32Array.of(0.5, -0.5) },
});

test('a run goes on from its last checkpoint', async (t) => {
  const dir = join(folder, 'a', 'screw.partial');
  const first = await PartialRun.begin(dir, record);
  t.is(await first.load(), undefined);
  t.is(first.step, undefined);
  await first.save(checkpoint(50));
  await first.save(checkpoint(100));
  t.is(first.step, 100);

  t.true(await PartialRun.exists(dir));
  const second = await PartialRun.resume(dir, { ...record });
  t.is(second.step, 100);
  t.deepEqual(await second.load(), checkpoint(100));
  t.deepEqual(await readdir(dir), ['checkpoint.safetensors', 'run.json']);

  await second.remove();
  t.false(await PartialRun.exists(dir));
});

test('a new run leaves nothing of the one before', async (t) => {
  const dir = join(folder, 'anew.partial');
  await (await PartialRun.begin(dir, record)).save(checkpoint(50));
  const second = await PartialRun.begin(dir, { ...record, '--steps': 10 });
  t.is(await second.load(), undefined);
});

test('a run of other options is not resumed, and the differences are told', async (t) => {
  const dir = join(folder, 'other.partial');
  await PartialRun.begin(dir, record);
  const error = await t.throwsAsync(
    PartialRun.resume(dir, { '--steps': 400, '--variant': '3-way', '--sigma': 4 }),
    { code: 'PL_USAGE' },
  );
  t.is(
    error?.message,
    `${dir} was started differently:\n  --steps: 300 then, 400 now\n  --sigma: not set then, 4 now`,
  );
});

test('what is missing or damaged is not resumed', async (t) => {
  const none = join(folder, 'none.partial');
  t.false(await PartialRun.exists(none));
  await t.throwsAsync(PartialRun.resume(none, record), {
    message: `there is no run to resume in ${none}`,
  });
  const dir = join(folder, 'damaged.partial');
  await (await PartialRun.begin(dir, record)).save(checkpoint(50));
  await writeFile(join(dir, 'checkpoint.safetensors'), 'half a che');
  await t.throwsAsync(PartialRun.resume(dir, record), {
    message: `${join(dir, 'checkpoint.safetensors')} is damaged`,
  });
  await writeFile(join(dir, 'run.json'), '{');
  await t.throwsAsync(PartialRun.resume(dir, record), {
    message: `${join(dir, 'run.json')} is damaged`,
  });
});

test('the digest sees names, pixels and order', (t) => {
  const image = (name: string, value: number) => ({
    name,
    pixels: { width: 1, height: 1, data: Uint8Array.of(value, 0, 0) },
  });
  const [a, b] = [image('a', 1), image('b', 2)];
  const digests = [[a, b], [b, a], [a], [a, image('b', 3)], [a, image('c', 2)]].map(digestOf);
  t.is(new Set(digests).size, digests.length);
  t.is(digestOf([image('a', 1), image('b', 2)]), digests[0]);
});

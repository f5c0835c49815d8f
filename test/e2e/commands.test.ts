/** The batch commands as processes, from good images to verdicts. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import sharp from 'sharp';
import { type Finished, patchline } from '../helpers/cli.js';
import { digestsOf, SIDE, writeDataset } from './dataset.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-e2e-'));
/** 60 steps: the checkpoint of step 50 is where an interrupted training goes on. */
const TRAINING = ['train', 'ribs', '--steps', '60', '--seed', '3'];

const run = (...args: string[]): Promise<Finished> => patchline(args, { cwd: folder });
const path = (...names: string[]): string => join(folder, ...names);

test.before(async () => {
  await writeDataset(path('ribs'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

test.serial('train writes a model and says what it promises', async (t) => {
  const { code, stdout, stderr } = await run(...TRAINING, '--model', 'model', '--json');
  t.is(code, 0, stderr);
  const result = JSON.parse(stdout);
  t.is(result.model.name, 'ribs');
  t.deepEqual(result.input, { width: SIDE, height: SIDE });
  t.like(result.training, { steps: 60, seed: 3, variant: '3-way', backend: 'wasm' });
  // 24 images: 11 are held out, 2 of them to standardise and 9 for the threshold.
  t.like(result.threshold, { requestedAlpha: 0.05, alpha: 1 / 10, n: 9 });
  t.true(stderr.includes('ribs: 24 good images of 64×64 px'));
  t.regex(stderr, /training {5}60\/60 {2}loss \d\.\d+, held out \d\.\d+, accuracy \d+ %/);
  t.true(result.training.heldOut.learned); // or a resumed training would be no news below
  t.regex(stderr, /\nLearned: \d+ % of pasted defects and good places told right/);
  t.true(Math.abs(result.alignment) < 0.2); // ribs that start anywhere
  t.true(stderr.includes('warning: too few images: 9 of 24 set the threshold'));
  t.true(
    stderr.includes('a false-alarm rate of 5 % needs 19 held-out images; you have 9: 10 % is'),
  );
  t.true(stderr.includes('Next: patchline eval ribs --model model'));
  t.deepEqual(await partials(), []);
});

test.serial(
  'a training that is stopped leaves no model and is resumed to the same bytes',
  async (t) => {
    const args = [...TRAINING, '--model', 'resumed'];
    const stopped = await patchline(args, {
      cwd: folder,
      onStart: (child) =>
        void interruptAt(path('resumed.partial', 'checkpoint.safetensors'), child),
    });
    t.is(stopped.code, 130, stopped.stderr);
    const kept = /no model was written, but training is kept up to step (\d+)/.exec(stopped.stderr);
    t.true(Number(kept?.[1]) >= 50, stopped.stderr);
    t.false((await readdir(folder)).includes('resumed'));

    const other = await run(...args, '--resume', '--variant', 'union', '--sigma', '2');
    t.is(other.code, 2);
    t.true(other.stderr.includes('--variant: 3-way then, union now'));
    t.true(other.stderr.includes('--sigma: 4 then, 2 now'));

    const resumed = await run(...args, '--resume');
    t.is(resumed.code, 0, resumed.stderr);
    t.true(resumed.stderr.includes(`going on from step ${kept?.[1]}`));
    t.deepEqual(await digestsOf(path('resumed')), await digestsOf(path('model')));
    t.deepEqual(await partials(), []);
  },
);

test.serial('another seed is another model, in the place of the one before', async (t) => {
  const before = await digestsOf(path('resumed'));
  const { code } = await run('train', 'ribs', '--model', 'resumed', '--steps=0', '--seed=4');
  t.is(code, 0);
  const after = await digestsOf(path('resumed'));
  t.deepEqual(Object.keys(after), Object.keys(before));
  t.notDeepEqual(after, before);
});

test.serial('a preset decides steps and views, unless they are given', async (t) => {
  const learn = async (...args: string[]) => {
    await run('train', 'ribs', '--model', 'preset', ...args);
    const { stdout } = await run('inspect', '--model', 'preset', '--json');
    const { training, views } = JSON.parse(stdout);
    return [training.steps, views.map(({ name }: { name: string }) => name).join()];
  };
  t.deepEqual(await learn('--preset', 'fast'), [0, 'stat8,stat16']);
  t.deepEqual(await learn('--preset', 'fast', '--steps', '1', '--views', 'rf8'), [1, 'rf8']);
  const all = 'rf8,rf16,rf32,rf64,stat8,stat16';
  t.deepEqual(await learn('--preset', 'balanced'), [0, all]);
  const image = await run('train', 'ribs', '--model', 'x', '--preset', 'fast', '--detector=image');
  t.is(image.code, 2);
});

test('inspect tells what a model is', async (t) => {
  const { code, stdout } = await run('inspect', '--model', 'model', '--json');
  t.is(code, 0);
  const result = JSON.parse(stdout);
  t.like(result.network, { layers: 9, weights: 79408, receptiveField: 64, stride: 4 });
  t.deepEqual(
    result.views.map(({ name }: { name: string }) => name),
    ['rf8', 'rf16', 'rf32', 'rf64', 'stat8', 'stat16'],
  );
  const people = await run('inspect', '--model', 'model');
  t.true(people.stdout.includes(`Id        ${result.model.id}`));
  t.true(people.stdout.includes('9 convolutions, 79,408 weights; sees 64 px every 4 px'));
});

test('score judges what it can, rejects the rest, and writes pictures', async (t) => {
  await mkdir(path('photos', 'bad'), { recursive: true });
  // The image that set the threshold has just this score, and only above it is anomalous.
  const { calibration } = JSON.parse(await readFile(path('model', 'model.json'), 'utf8'));
  const [{ image: limit }] = calibration.setBy;
  await cp(path('ribs', 'train', 'good', limit), path('photos', '000.png'));
  await cp(path('ribs', 'test', 'spot', '000.png'), path('photos', 'bad', '000.png'));
  await writeFile(path('photos', 'bad', 'text.png'), 'not an image');
  await sharp({ create: { width: 96, height: 64, channels: 3, background: '#888' } })
    .png()
    .toFile(path('photos', 'wide.png'));
  const { code, stdout, stderr } = await run(
    ...['score', 'photos', 'photos/none.png', '--model', 'model', '--json'],
    // That the threshold was set on: the scores of others differ in the sixth digit.
    ...['--overlays', 'out', '--maps', 'out', '--backend', 'wasm'],
  );
  t.is(code, 1, stderr);
  const { images, counts, threshold } = JSON.parse(stdout);
  t.deepEqual(counts, { ok: 1, anomalous: 1, rejected: 3 });
  const [good, spot, ...rejected] = images;
  t.like(good, { file: 'photos/000.png', verdict: 'ok', regions: [], overlay: 'out/000.jpg' });
  t.like(spot, { file: 'photos/bad/000.png', verdict: 'anomalous', map: 'out/000-2.png' });
  t.is(good.score, threshold);
  t.true(spot.score > threshold);
  // The spot covers 16 px from (24, 32) on.
  const [{ x, y, width, height }] = spot.regions;
  t.true(x <= 32 && x + width >= 32 && y <= 40 && y + height >= 40);
  t.deepEqual(
    rejected.map(({ error }: { error: { code: string } }) => error.code),
    ['PL_IMAGE_UNREADABLE', 'PL_IMAGE_SIZE', 'PL_IMAGE_UNREADABLE'],
  );
  const written = ['000-2.jpg', '000-2.json', '000-2.png', '000.jpg', '000.json', '000.png'];
  t.deepEqual((await readdir(path('out'))).sort(), written);
  const map = JSON.parse(await readFile(path('out', '000.json'), 'utf8'));
  t.like(map, { rows: 15, cols: 15, stride: 4, offset: 3.5 }); // (64 − 8) / 4 + 1
  t.like(await sharp(path('out', '000.png')).metadata(), {
    width: 15,
    height: 15,
    depth: 'ushort',
  });
});

test('eval measures the model beside its control', async (t) => {
  const { code, stdout, stderr } = await run(
    ...['eval', 'ribs', '--model', 'model', '--json', '--report', 'report'],
  );
  t.is(code, 0, stderr);
  const { dataset, frames, image, pixel, threshold, control, timing } = JSON.parse(stdout);
  t.is(dataset, 'ribs');
  t.deepEqual(frames, { good: 4, anomalous: 4, withoutMask: 0 });
  const metrics = [image.auroc, image.f1Max, pixel.auroc, pixel.ap, pixel.aupro30, pixel.aupro05];
  const others = [pixel.f1Max, control.image.auroc, control.pixel.auroc, control.pixel.aupro30];
  for (const value of [...metrics, ...others]) t.true(value >= 0 && value <= 1);
  t.is(image.auroc, 1); // a white spot on ribs is no hard case
  t.like(threshold, { alpha: 1 / 10, detectionRate: 1 });
  t.true(threshold.falseAlarmRate >= 0 && threshold.value > 0);
  t.true(timing.framesPerSecond > 0);
  const rows = (await readFile(path('report', 'images.csv'), 'utf8')).trim().split('\r\n');
  t.is(rows[0], 'file,kind,good,score,verdict');
  t.is(rows.length, 1 + 8);
  t.true(
    (await readFile(path('report', 'report.html'), 'utf8')).includes('4 of 4 defective images'),
  );
  const again = await run('eval', 'ribs', '--model', 'model', '--report', 'report');
  t.is(again.code, 2);
  t.true(again.stderr.includes('report is not empty'));
});

test('eval writes the report as one small file, and measures what there is', async (t) => {
  await cp(path('ribs', 'test', 'good'), path('fine', 'test', 'good'), { recursive: true });
  await cp(path('ribs', 'train'), path('fine', 'train'), { recursive: true });
  const { code, stdout, stderr } = await run(
    ...['eval', 'fine', '--model', 'model', '--json', '--report', 'pages/fine.html'],
  );
  t.is(code, 0, stderr);
  t.true(stderr.includes('warning: no test/<defect>: what is found cannot be measured'));
  const { frames, image, pixel, threshold } = JSON.parse(stdout);
  t.deepEqual(frames, { good: 4, anomalous: 0, withoutMask: 0 });
  t.true(threshold.falseAlarmRate >= 0);
  t.deepEqual([image, pixel, threshold.detectionRate], [undefined, undefined, undefined]);
  const page = await readFile(path('pages', 'fine.html'), 'utf8');
  t.true(page.startsWith('<!doctype html>') && page.length < 3e6);
  t.true(page.includes('There are no defective test images'));
  const taken = await run('eval', 'fine', '--model', 'model', '--report', 'pages/fine.html/x.html');
  t.is(taken.code, 1);
  t.regex(taken.stderr, /cannot write|is not/);
});

test('calibrate sets the threshold anew and keeps all else', async (t) => {
  await cp(path('model'), path('calibrated'), { recursive: true });
  const { code, stdout, stderr } = await run(
    ...['calibrate', 'ribs/test/good', '--model', 'calibrated', '--false-alarm-rate', '0.4'],
    '--json',
  );
  t.is(code, 0, stderr);
  const { model, threshold, previous } = JSON.parse(stdout);
  t.like(threshold, { alpha: 0.4, requestedAlpha: 0.4, n: 4 });
  t.not(model.id, previous.id);
  t.like(previous.threshold, { alpha: 1 / 10, n: 9 });
  const [before, after] = await Promise.all([
    digestsOf(path('model')),
    digestsOf(path('calibrated')),
  ]);
  const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
  t.deepEqual(changed, ['model.json', 'model.json.sha256']);
});

test('a reader that leaves early ends nothing', async (t) => {
  const args = ['score', 'ribs/test', '--model', 'model', '--backend', 'wasm'];
  const { code, stderr } = await patchline(args, {
    cwd: folder,
    onStart: (child) => child.stdout?.destroy(),
  });
  t.is(code, 0, stderr);
  t.is(stderr, '');
});

/** Sends Ctrl-C as soon as the file is there. */
async function interruptAt(
  file: string,
  child: { kill(signal: 'SIGINT'): boolean },
): Promise<void> {
  const exists = (): Promise<boolean> =>
    readFile(file).then(
      () => true,
      () => false,
    );
  while (!(await exists())) await sleep(20);
  child.kill('SIGINT');
}

async function partials(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.includes('partial') || name.startsWith('.'));
}

/** The paper's image-level detector through the commands, and where it is refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Finished, patchline } from '../helpers/cli.js';
import { writeDataset } from './dataset.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-e2e-'));
const IMAGE = ['--detector', 'image', '--input-size', '80x80', '--batch', '3'];
const TRAINING = ['train', 'ribs', '--model', 'model', ...IMAGE, '--steps', '1'];

const run = (...args: string[]): Promise<Finished> => patchline(args, { cwd: folder });

test.before(async () => {
  await writeDataset(join(folder, 'ribs'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

test.serial('train writes a model of its kind', async (t) => {
  const { code, stdout, stderr } = await run(...TRAINING, '--json');
  t.is(code, 0, stderr);
  const { input, training } = JSON.parse(stdout);
  t.deepEqual(input, { width: 80, height: 80 });
  t.like(training, { steps: 1, batch: 3, labels: 'frame', heldOut: { learned: false } });
  t.regex(stderr, /\nwarning: this surface was not learned: \d+ % .*\n {2}the untrained features/);
});

test.serial('inspect says that it is one', async (t) => {
  const { code, stdout } = await run('inspect', '--model', 'model');
  t.is(code, 0);
  t.true(stdout.includes('resnet18 over the whole frame, 11,171,712 weights; gaussian'));
  t.true(stdout.includes('none: an image-level detector says whether, not where'));
  t.regex(stdout, /held out \d+ %, not learned: untrained features; /);
  const { network, views, map } = JSON.parse(
    (await run('inspect', '--model=model', '--json')).stdout,
  );
  t.deepEqual(
    { network, views, map },
    {
      network: { architecture: 'resnet18', weights: 11171712 },
      views: [],
      map: null,
    },
  );
});

test.serial('eval measures images, and says that there are no pixels', async (t) => {
  const { code, stdout, stderr } = await run('eval', 'ribs', '--model', 'model', '--json');
  t.is(code, 0, stderr);
  const { image, pixel, control, frames } = JSON.parse(stdout);
  t.deepEqual(frames, { good: 4, anomalous: 4, withoutMask: 0 });
  for (const value of [image.auroc, control.image.auroc]) t.true(value >= 0 && value <= 1);
  t.is(pixel, undefined);
  t.true(stderr.includes('it says whether, not where'));
  t.true(stderr.includes('back end wasm: of those that image-level detectors run on'));
});

test.serial('score gives verdicts without regions', async (t) => {
  const { code, stdout, stderr } = await run(
    ...['score', 'ribs/test/spot', '--model', 'model', '--json'],
  );
  t.is(code, 0, stderr);
  const { images } = JSON.parse(stdout);
  t.is(images.length, 4);
  for (const { verdict, score, regions } of images) {
    t.true(['ok', 'anomalous'].includes(verdict) && Number.isFinite(score));
    t.deepEqual(regions, []);
  }
});

test.serial('run writes results without a map', async (t) => {
  const { code, stderr } = await run(
    ...['run', '--model', 'model', '--source', 'ribs/test', '--results', 'judged', '--no-http'],
    '--encoder-threads=1',
  );
  t.is(code, 0, stderr);
  const lines = (await readFile(join(folder, 'judged', 'results.jsonl'), 'utf8'))
    .trim()
    .split('\n');
  t.is(lines.length, 8);
  for (const line of lines) {
    const { verdict, regions, map } = JSON.parse(line);
    t.true(['ok', 'anomalous'].includes(verdict));
    t.deepEqual({ regions, map }, { regions: [], map: undefined });
  }
});

const REFUSED: [string, string[], RegExp][] = [
  ['maps of score', ['score', 'ribs/test/good', '--maps', 'out'], /--maps needs a map/],
  ['overlays', ['score', 'ribs/test/good', '--overlays', 'out'], /--overlays needs a map/],
  ['tiles', ['run', '--source', 'ribs/test', '--tile', '64'], /--tile needs a map/],
  ['a report', ['eval', 'ribs', '--report', 'report'], /--report needs a map/],
  ['an export', ['export', '--onnx', 'model.onnx'], /export needs a map, and the model in model/],
  ['onnx', ['score', 'ribs/test/good', '--backend', 'onnx'], /'onnx' does not run image-level/],
];

for (const [what, args, message] of REFUSED) {
  test.serial(`${what}: refused with what is missing`, async (t) => {
    const { code, stderr } = await run(...args, '--model', 'model');
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  });
}

test('options of the other kind of detector are refused before anything is read', async (t) => {
  const weights = await run('train', 'ribs', '--model', 'm', '--init', 'w.safetensors');
  t.is(weights.code, 2);
  t.true(weights.stderr.includes('only --detector image takes a batch and weights to start from'));
  const views = await run('train', 'ribs', '--model', 'm', '--detector=image', '--views', 'rf8');
  t.is(views.code, 2);
  t.true(views.stderr.includes('leave out what --detector image has none of'));
});

test('weights that are no ResNet-18 are refused by what is wrong', async (t) => {
  await writeFile(join(folder, 'text.safetensors'), 'not weights at all');
  const text = await run(...TRAINING, '--init', 'text.safetensors');
  t.is(text.code, 2, text.stderr);
  t.regex(text.stderr, /text\.safetensors announces a header of \d+ bytes/);
  t.true(text.stderr.includes('as torchvision or timm name it'));
  const none = await run(...TRAINING, '--init', 'none.safetensors');
  t.is(none.code, 2, none.stderr);
  t.true(none.stderr.includes('none.safetensors cannot be read (ENOENT)'));
  const small = await run('train', 'ribs', '--model', 'm', '--detector', 'image');
  t.is(small.code, 2, small.stderr);
  t.regex(small.stderr, /learns frames of 76 to 1024 px a side, not of 64×64/);
});

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { writeDataset } from '../../../src/stream/line/dataset.js';
import { damagedFrame } from '../../../src/stream/line/line.js';
import { renderGood } from '../../../src/stream/line/surface.js';

const dir = await mkdtemp(join(tmpdir(), 'patchline-line-'));
test.after.always(() => rm(dir, { recursive: true }));

const counts = { train: 2, testGood: 1, testPerDefect: 1, seed: 4 };

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

async function decoded(root: string, file: string): Promise<Uint8Array> {
  return new Uint8Array(await sharp(join(root, file)).raw().toBuffer());
}

test('writes the layout of MVTec, images and masks as drawn', async (t) => {
  const root = join(dir, 'png');
  await writeDataset(root, { surfaces: ['metal', 'carton'], ...counts });
  const ofEach = [
    'ground_truth/dent/000_mask.png',
    'ground_truth/missing-print/000_mask.png',
    'ground_truth/scratch/000_mask.png',
    'ground_truth/stain/000_mask.png',
    'test/dent/000.png',
    'test/good/000.png',
    'test/missing-print/000.png',
    'test/scratch/000.png',
    'test/stain/000.png',
    'train/good/000.png',
    'train/good/001.png',
  ];
  const expected = ['carton', 'metal'].flatMap((name) => ofEach.map((file) => join(name, file)));
  t.deepEqual(await filesUnder(root), expected);

  const trained = await decoded(root, 'carton/train/good/001.png');
  t.deepEqual(trained, renderGood('carton', 4, 1).data);
  const tested = await decoded(root, 'carton/test/good/000.png');
  t.deepEqual(tested, renderGood('carton', 4, 2).data);

  const scratched = damagedFrame('carton', 4, 3, 'scratch');
  const image = await decoded(root, 'carton/test/scratch/000.png');
  t.deepEqual(image, scratched.pixels.data);
  const maskFile = join(root, 'carton/ground_truth/scratch/000_mask.png');
  t.is((await sharp(maskFile).metadata()).channels, 1);
  const truth = await sharp(maskFile).extractChannel(0).raw().toBuffer();
  t.deepEqual(
    new Uint8Array(truth),
    scratched.mask.map((v) => 255 * v),
  );
});

test('writes JPEG images on demand, masks stay PNG', async (t) => {
  const root = join(dir, 'jpeg');
  await writeDataset(root, { surfaces: ['fabric'], ...counts, train: 1, format: 'jpeg' });
  const files = await filesUnder(root);
  t.true(files.includes('fabric/train/good/000.jpg'));
  t.true(files.includes('fabric/ground_truth/stain/000_mask.png'));
  t.is((await sharp(join(root, 'fabric/train/good/000.jpg')).metadata()).format, 'jpeg');
});

test('says which file it cannot write', async (t) => {
  const file = join(dir, 'occupied');
  await writeFile(file, '');
  const error = await t.throwsAsync(writeDataset(file, { surfaces: ['metal'], ...counts }));
  t.like(error, { code: 'PL_WRITE' });
  t.regex(error?.message ?? '', /occupied/);
});

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { openDataset } from '../../src/evaluate/dataset.js';

/** A new folder with empty files of these names (nothing is opened when a dataset is listed). */
async function folderOf(t: ExecutionContext, ...files: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-dataset-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const file of files) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  return folder;
}

async function refusal(t: ExecutionContext, path: string): Promise<PatchlineError> {
  const error = await t.throwsAsync(openDataset(path), { instanceOf: PatchlineError });
  t.like(error, { code: 'PL_DATASET', disposition: 'usage' });
  return error as PatchlineError;
}

test('MVTec layout: good images, defects by kind, masks by name', async (t) => {
  const path = await folderOf(
    t,
    'train/good/001.png',
    'train/good/000.png',
    'test/scratch/000.png',
    'test/scratch/001.jpg',
    'test/good/000.png',
    'test/dent/000.png',
    'ground_truth/scratch/000_mask.png',
    'ground_truth/scratch/001_mask.png',
    'ground_truth/scratch/.001_mask.png',
    'readme.txt',
  );
  t.deepEqual(await openDataset(path), {
    name: basename(path),
    layout: 'mvtec',
    trainGood: [join(path, 'train/good/000.png'), join(path, 'train/good/001.png')],
    test: [
      { path: join(path, 'test/dent/000.png'), kind: 'dent', good: false },
      { path: join(path, 'test/good/000.png'), kind: 'good', good: true },
      {
        path: join(path, 'test/scratch/000.png'),
        kind: 'scratch',
        good: false,
        maskPath: join(path, 'ground_truth/scratch/000_mask.png'),
      },
      {
        path: join(path, 'test/scratch/001.jpg'),
        kind: 'scratch',
        good: false,
        maskPath: join(path, 'ground_truth/scratch/001_mask.png'),
      },
    ],
  });
});

test('MVTec layout without test is enough to train', async (t) => {
  const path = await folderOf(t, 'train/good/0.png');
  t.like(await openDataset(path), { layout: 'mvtec', test: [] });
});

test('a plain folder: its images, then those one level below, by name', async (t) => {
  const path = await folderOf(
    t,
    'b.PNG',
    'a10.jpeg',
    'a2.JPG',
    'day2/x.webp',
    'day1/y.tif',
    'day1/deeper/z.png',
    '.hidden.png',
    '.thumbs/t.png',
    'notes.txt',
    'old.bmp',
    'png',
  );
  const { name, layout, trainGood, test: tests } = await openDataset(`${path}/`);
  t.deepEqual([name, layout, tests.length], [basename(path), 'folder', 0]);
  const expected = ['a10.jpeg', 'a2.JPG', 'b.PNG', 'day1/y.tif', 'day2/x.webp'];
  t.deepEqual(
    trainGood,
    expected.map((file) => join(path, file)),
  );
});

test('links to folders and files are followed', async (t) => {
  const store = await folderOf(t, '0.png');
  const path = await folderOf(t, 'train/readme.txt');
  await symlink(store, join(path, 'train/good'));
  await symlink(join(store, '0.png'), join(store, '1.png'));
  await symlink(join(store, 'gone'), join(store, '2.png'));
  const { trainGood } = await openDataset(path);
  t.deepEqual(
    trainGood.map((file) => basename(file)),
    ['0.png', '1.png', '2.png'],
  );
});

test('a folder of good images and others is not taken for good images', async (t) => {
  const path = await folderOf(t, 'good/0.png', 'scratch/0.png', 'dent/0.png');
  const error = await refusal(t, path);
  t.is(error.message, `${path} holds dent, scratch beside good`);
  t.true(error.hint?.includes(join(path, 'good')));
  await refusal(t, await folderOf(t, 'good/0.png', '1.png'));
  const alone = await openDataset(await folderOf(t, 'good/0.png', 'notes/readme.txt'));
  t.is(alone.trainGood.length, 1);
});

test('each unusable path has an error that names it', async (t) => {
  const path = await folderOf(t, 'notes/readme.txt', 'old.bmp');
  const gone = join(path, 'gone');
  t.is((await refusal(t, gone)).message, `${gone} does not exist`);
  const file = join(path, 'old.bmp');
  t.is((await refusal(t, file)).message, `${file} is not a folder`);
  t.regex((await refusal(t, path)).message, /has no images \(\.jpg .*\.tiff\)$/);
  const empty = await folderOf(t);
  const error = await refusal(t, empty);
  t.true(error.message.startsWith(`${empty} has no images`));
  t.regex(error.hint ?? '', /folder of good images/);
});

test('MVTec layout without images in train/good says where they belong', async (t) => {
  const path = await folderOf(t, 'test/good/0.png', 'test/dent/0.png');
  const good = join(path, 'train/good');
  const missing = await refusal(t, path);
  t.is(missing.message, `${good} does not exist`);
  t.true(missing.hint?.includes(good));
  await mkdir(good, { recursive: true });
  t.true((await refusal(t, path)).message.startsWith(`${good} has no images`));
});

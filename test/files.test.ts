import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeDirectory, writeFileAtomically } from '../src/files.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-files-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

test('a file is replaced as a whole, and no draft stays', async (t) => {
  const dir = join(folder, 'replace');
  await makeDirectory(dir);
  await writeFileAtomically(join(dir, 'a.txt'), 'old');
  await writeFileAtomically(join(dir, 'a.txt'), Buffer.from('new'));
  t.is(await readFile(join(dir, 'a.txt'), 'utf8'), 'new');
  t.deepEqual(await readdir(dir), ['a.txt']);
});

test('a failure names the file and leaves no draft', async (t) => {
  const dir = join(folder, 'fail');
  await makeDirectory(join(dir, 'a.txt')); // a directory where the file should be
  const path = join(dir, 'a.txt');
  await t.throwsAsync(writeFileAtomically(path, 'new'), {
    code: 'PL_WRITE',
    message: `cannot write ${path}: it is a directory`,
  });
  t.deepEqual(await readdir(dir), ['a.txt']);
});

test('directories are made with all above them, and may be there already', async (t) => {
  const dir = join(folder, 'x', 'y', 'z');
  await makeDirectory(dir);
  await makeDirectory(dir);
  t.deepEqual(await readdir(join(folder, 'x')), ['y']);
});

test('no directory below a file', async (t) => {
  await mkdir(join(folder, 'below'));
  await writeFile(join(folder, 'below', 'file'), '');
  for (const path of [join(folder, 'below', 'file'), join(folder, 'below', 'file', 'dir')]) {
    await t.throwsAsync(makeDirectory(path), { code: 'PL_WRITE', message: /^cannot write / });
  }
});

if (process.platform === 'linux') {
  test('a place where nothing can be made is an error, not an endless attempt', async (t) => {
    const error = await t.throwsAsync(makeDirectory('/proc/patchline/model'));
    t.is(error?.message, 'cannot write /proc/patchline/model: nothing can be made there');
  });
}

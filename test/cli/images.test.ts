import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { FileNames } from '../../src/cli/file-names.js';
import { listImages, loadAhead } from '../../src/cli/images.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-images-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

test('folders stand for the images in them and below, files for themselves', async (t) => {
  await mkdir(join(folder, 'b', 'deep'), { recursive: true });
  for (const name of ['b/2.PNG', 'b/deep/1.jpg', 'b/.hidden.png', 'b/notes.txt', 'a.png']) {
    await writeFile(join(folder, name), '');
  }
  const operands = [join(folder, 'b'), join(folder, 'a.png'), join(folder, 'missing.png')];
  t.deepEqual(await listImages(operands), [
    join(folder, 'b', '2.PNG'),
    join(folder, 'b', 'deep', '1.jpg'),
    join(folder, 'a.png'),
    join(folder, 'missing.png'),
  ]);
});

test('a folder without images is an error that names it', async (t) => {
  const empty = join(folder, 'empty');
  await mkdir(empty);
  await t.throwsAsync(listImages([empty]), { message: `${empty} has no images` });
});

test('items come in their order, at most three of them are being loaded', async (t) => {
  let loading = 0;
  let most = 0;
  const load = async (item: number): Promise<number> => {
    most = Math.max(most, ++loading);
    await sleep(item % 2 === 0 ? 4 : 1);
    loading--;
    if (item === 3) throw new Error('three');
    return 10 * item;
  };
  const seen: unknown[] = [];
  for await (const { item, result } of loadAhead([0, 1, 2, 3, 4, 5, 6], load)) {
    seen.push(result.status === 'fulfilled' ? result.value : `${item}: ${result.reason.message}`);
  }
  t.deepEqual(seen, [0, 10, 20, '3: three', 40, 50, 60]);
  t.true(most >= 2 && most <= 3);
});

test('nothing to load', async (t) => {
  for await (const _ of loadAhead([], () => Promise.resolve())) t.fail();
  t.pass();
});

test('file names lead nowhere and never meet', (t) => {
  const names = new FileNames();
  const paths = ['a/001.png', 'b/001.jpg', '../../etc/passwd', '..', 'A b:c.png', 'c/001-2.png'];
  t.deepEqual(
    paths.map((path) => names.of(path)),
    ['001', '001-2', 'passwd', 'image', 'A_b_c', '001-2-2'],
  );
  t.is(names.of('PASSWD.png'), 'PASSWD-2'); // some file systems take it for passwd
  t.is(names.of('Größe.png'), 'Größe');
  t.is(names.of(`${'x'.repeat(300)}.png`).length, 100);
});

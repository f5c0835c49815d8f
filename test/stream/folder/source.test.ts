import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { deferred } from '../../../src/deferred.js';
import type { Frame, Outcome } from '../../../src/frame/frame.js';
import { FolderSource, type FolderSourceOptions } from '../../../src/stream/folder/source.js';
import type { Admit } from '../../../src/stream/ports.js';
import { OK } from '../../helpers/outcomes.js';

async function folderOf(t: ExecutionContext, ...files: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-source-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const file of files) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), `bytes of ${file}`);
  }
  return folder;
}

/** Takes all frames at once. */
class Taken {
  readonly frames: Frame[] = [];
  readonly admit: Admit = async (frame) => {
    this.frames.push(frame);
    return { settled: Promise.resolve(OK) };
  };

  get ids(): string[] {
    return this.frames.map(({ id }) => id);
  }

  async reach(count: number): Promise<void> {
    while (this.frames.length < count) await sleep(5);
  }
}

async function taken(folder: string, options?: FolderSourceOptions): Promise<Taken> {
  const source = new FolderSource(folder, options);
  const all = new Taken();
  await source.start(all.admit);
  await source.finished;
  await source.stop();
  return all;
}

test('each image is a frame, each subfolder a camera, sorted by path', async (t) => {
  const files = ['b.png', 'a.jpg', 'cam 2/1.webp', 'cam 1/2.TIFF', 'cam 1/1.jpeg', 'cam 1/3.tif'];
  const folder = await folderOf(t, ...files);
  await utimes(join(folder, 'a.jpg'), 1000, 1234.5);
  const { frames } = await taken(folder);
  t.deepEqual(
    frames.map(({ id, camera }) => [id, camera]),
    [
      ['a.jpg', basename(folder)],
      ['b.png', basename(folder)],
      ['cam 1/1.jpeg', 'cam 1'],
      ['cam 1/2.TIFF', 'cam 1'],
      ['cam 1/3.tif', 'cam 1'],
      ['cam 2/1.webp', 'cam 2'],
    ],
  );
  const [{ bytes, ...frame }] = frames;
  t.is(Buffer.from(bytes).toString(), 'bytes of a.jpg');
  t.deepEqual(frame, {
    id: 'a.jpg',
    camera: basename(folder),
    capturedAt: 1_234_500,
    encoding: { kind: 'encoded' },
    origin: { topic: basename(folder), partition: -1, offset: 'a.jpg' },
  });
});

test('a second run gives the same ids', async (t) => {
  const folder = await folderOf(t, 'a.png', 'cam/b.png');
  t.deepEqual((await taken(folder)).ids, (await taken(`${folder}/`)).ids);
});

test('what is hidden, deeper or no image is passed over', async (t) => {
  const files = ['a.png', '.b.png', 'c.txt', 'png', 'cam/.d.png', 'cam/deep/e.png', '.cache/f.png'];
  t.deepEqual((await taken(await folderOf(t, ...files))).ids, ['a.png']);
});

test('rounds deliver all again under other ids', async (t) => {
  const folder = await folderOf(t, 'a.png', 'b.png');
  const { ids } = await taken(folder, { rounds: 3 });
  t.deepEqual(ids, ['a.png', 'b.png', 'a.png#1', 'b.png#1', 'a.png#2', 'b.png#2']);
});

test('hostile names are ids like any other', async (t) => {
  const names = ['..png.png', 'a\nb.png', '%2e%2e.png', 'ä"\'<>.png', `${'x'.repeat(250)}.png`];
  const { frames } = await taken(await folderOf(t, ...names));
  t.deepEqual(
    frames.map(({ id, bytes }) => [id, Buffer.from(bytes).toString()]),
    names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => [name, `bytes of ${name}`]),
  );
});

test('a file that cannot be read is a frame with a problem', async (t) => {
  const folder = await folderOf(t, 'a.png', 'empty.png', 'huge.png', 'locked.png', 'z.png');
  await truncate(join(folder, 'empty.png'));
  await truncate(join(folder, 'huge.png'), 2 ** 31);
  await symlink(join(folder, 'nowhere'), join(folder, 'lost.png'));
  await chmod(join(folder, 'locked.png'), 0);
  const { frames } = await taken(folder);
  const problems = frames.map(({ id, problem }) => [id, problem?.code, problem?.message]);
  const isRoot = process.getuid?.() === 0; // may read all
  const locked = [
    'locked.png',
    'PL_IMAGE_UNREADABLE',
    `${folder}/locked.png may not be read by this user`,
  ];
  t.deepEqual(problems, [
    ['a.png', undefined, undefined],
    ['empty.png', 'PL_IMAGE_UNREADABLE', `${folder}/empty.png is empty (0 bytes)`],
    [
      'huge.png',
      'PL_IMAGE_TOO_LARGE',
      `${folder}/huge.png has 2147483648 bytes; the limit is 268435456`,
    ],
    isRoot ? ['locked.png', undefined, undefined] : locked,
    ['lost.png', 'PL_IMAGE_UNREADABLE', `${folder}/lost.png does not exist`],
    ['z.png', undefined, undefined],
  ]);
});

test('a file that is deleted while others are read is a frame with a problem', async (t) => {
  const folder = await folderOf(t, 'a.png', 'b.png', 'c.png');
  const all = new Taken();
  const source = new FolderSource(folder);
  await source.start(async (frame) => {
    if (frame.id === 'a.png') await rm(join(folder, 'b.png'));
    return all.admit(frame);
  });
  await source.finished;
  const codes = all.frames.map(({ problem }) => problem?.code);
  t.deepEqual(codes, [undefined, 'PL_IMAGE_UNREADABLE', undefined]);
});

test('the engine holds it back; a stop delivers nothing more and waits for what is out', async (t) => {
  const folder = await folderOf(t, ...[...'abcdef'].map((name) => `${name}.png`));
  const gate = deferred();
  const settlement = deferred<Outcome>();
  const all = new Taken();
  const source = new FolderSource(folder);
  await source.start(async (frame) => {
    if (all.frames.length === 2) await gate.promise;
    await all.admit(frame);
    return { settled: settlement.promise };
  });
  await all.reach(2);
  await sleep(20);
  t.deepEqual(all.ids, ['a.png', 'b.png']);
  let stopped = false;
  const stop = source.stop().then(() => {
    stopped = true;
  });
  gate.resolve();
  await source.finished;
  t.deepEqual(all.ids, ['a.png', 'b.png', 'c.png']); // c had been read already
  t.false(stopped);
  settlement.resolve(OK);
  await stop;
  await source.stop();
});

test('frames that are not settled do not hold the stop up', async (t) => {
  const source = new FolderSource(await folderOf(t, 'a.png'));
  await source.start(async () => ({ settled: Promise.reject(new Error('disk full')) }));
  await source.finished;
  await t.notThrowsAsync(source.stop());
});

test('when nothing more is let in, it is finished with that error', async (t) => {
  const source = new FolderSource(await folderOf(t, 'a.png'));
  await source.start(async () => {
    throw new Error('the engine has failed');
  });
  await t.throwsAsync(source.finished, { code: 'PL_SOURCE', message: 'the engine has failed' });
  await source.stop();
});

test('a stop before the start is legal', async (t) => {
  const source = new FolderSource(await folderOf(t, 'a.png'));
  await source.stop();
  const all = new Taken();
  await source.start(all.admit);
  await source.finished;
  t.deepEqual(all.ids, []);
});

test('a folder that is missing, a file or empty is refused', async (t) => {
  const folder = await folderOf(t, 'notes.txt');
  const refusal = (message: RegExp) => ({ code: 'PL_SOURCE', message }) as const;
  const start = (path: string) => new FolderSource(path).start(new Taken().admit);
  await t.throwsAsync(start(join(folder, 'none')), refusal(/none cannot be read: ENOENT/));
  await t.throwsAsync(
    start(join(folder, 'notes.txt')),
    refusal(/notes\.txt cannot be read: ENOTDIR/),
  );
  await t.throwsAsync(start(folder), refusal(/holds no images/));
});

/** A source that watches; stopped at the end of the test. */
async function watching(
  t: ExecutionContext,
  folder: string,
  pollMs = 40,
): Promise<Taken & { source: FolderSource }> {
  const source = new FolderSource(folder, { watch: true, pollMs });
  const all = Object.assign(new Taken(), { source });
  await source.start(all.admit);
  t.teardown(() => source.stop());
  return all;
}

test('watching: delivers what is there and what comes, once, until it is stopped', async (t) => {
  const folder = await folderOf(t, 'a.png');
  const all = await watching(t, folder);
  await all.reach(1);
  await mkdir(join(folder, 'cam'));
  await writeFile(join(folder, 'cam', 'b.png'), 'b');
  await all.reach(2);
  await writeFile(join(folder, 'c.png'), 'c');
  await all.reach(3);
  await sleep(150); // three more looks
  await all.source.stop();
  await all.source.finished;
  t.deepEqual(all.ids, ['a.png', 'cam/b.png', 'c.png']);
});

test('watching an empty folder waits', async (t) => {
  const folder = await folderOf(t);
  const all = await watching(t, folder);
  await writeFile(join(folder, 'a.png'), 'a');
  await all.reach(1);
  t.deepEqual(all.ids, ['a.png']);
});

test('watching: a file that is written slowly is delivered whole', async (t) => {
  const folder = await folderOf(t);
  const all = await watching(t, folder, 250);
  const path = join(folder, 'slow.png');
  for (let part = 0; part < 60; part++) {
    await appendFile(path, '0123456789');
    await sleep(10);
  }
  await all.reach(1);
  t.is(all.frames[0].bytes.length, 600);
});

test('watching: a camera whose folder vanishes stops no other; a folder that vanishes ends it', async (t) => {
  const folder = await folderOf(t, 'cam 1/a.png', 'cam 2/b.png');
  const all = await watching(t, folder);
  await all.reach(2);
  await rm(join(folder, 'cam 1'), { recursive: true });
  await writeFile(join(folder, 'cam 2', 'c.png'), 'c');
  await all.reach(3);
  t.is(all.ids[2], 'cam 2/c.png');
  await rm(folder, { recursive: true });
  await t.throwsAsync(all.source.finished, {
    code: 'PL_SOURCE',
    message: /cannot be read: ENOENT/,
  });
});

test('watching: a stop while it sleeps ends it at once', async (t) => {
  const folder = await folderOf(t, 'a.png');
  const source = new FolderSource(folder, { watch: true, pollMs: 600_000 });
  await source.start(new Taken().admit);
  await source.stop();
  await source.finished;
  t.pass();
});

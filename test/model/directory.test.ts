import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { writeDirectoryAtomically } from '../../src/model/directory.js';

type Files = Readonly<Record<string, string>>;

/** A model of one array file; `content` tells one version from another. */
function model(content: string): Files {
  const manifest = { format: 'patchline-model', files: { 'net.safetensors': {} } };
  return { 'model.json': JSON.stringify(manifest), 'net.safetensors': content };
}

function write(dir: string, files: Files): Promise<void> {
  const bytes = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const);
  return writeDirectoryAtomically(dir, new Map(bytes));
}

async function contentOf(dir: string): Promise<Files> {
  const names = (await readdir(dir)).sort();
  const texts = names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

async function freshDirectory(t: ExecutionContext): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'patchline-directory-')));
  t.teardown(() => rm(dir, { recursive: true }));
  return dir;
}

test('makes a directory, and those above it', async (t) => {
  const parent = await freshDirectory(t);
  await write(join(parent, 'models', 'a'), model('1'));
  t.deepEqual(await contentOf(join(parent, 'models', 'a')), model('1'));
  t.deepEqual(await readdir(join(parent, 'models')), ['a'], 'nothing is left beside it');
});

test('fills an empty directory', async (t) => {
  const dir = join(await freshDirectory(t), 'a');
  await mkdir(dir);
  await write(dir, model('1'));
  t.deepEqual(await contentOf(dir), model('1'));
});

test('replaces a model, with all its files', async (t) => {
  const parent = await freshDirectory(t);
  await write(join(parent, 'a'), model('1'));
  const { 'model.json': manifest } = model('2');
  await write(join(parent, 'a'), { 'model.json': manifest, other: '2' });
  t.deepEqual(await contentOf(join(parent, 'a')), { 'model.json': manifest, other: '2' });
  t.deepEqual(await readdir(parent), ['a']);
});

test('replaces what a symbolic link points to, not the link', async (t) => {
  const parent = await freshDirectory(t);
  await write(join(parent, 'v1'), model('1'));
  await symlink('v1', join(parent, 'current'));
  await write(join(parent, 'current'), model('2'));
  t.deepEqual(await contentOf(join(parent, 'v1')), model('2'));
  t.is(await realpath(join(parent, 'current')), join(parent, 'v1'));
});

const NOT_MODELS: readonly [string, Files, RegExp][] = [
  [
    'a folder of images',
    { '1.png': '', '2.png': '', '3.png': '', '4.png': '' },
    /1\.png, 2\.png, 3\.png …/,
  ],
  [
    'the model of another program',
    { 'model.json': '{"format": "layers-model"}' },
    /model\.json would/,
  ],
  ['a model.json that is none', { 'model.json': 'null' }, /model\.json would be lost/],
  [
    'a model with notes beside it',
    { ...model('1'), 'notes.txt': '' },
    /holds other files, too: notes\.txt/,
  ],
];

for (const [what, files, message] of NOT_MODELS) {
  test(`leaves alone ${what}`, async (t) => {
    const dir = join(await freshDirectory(t), 'a');
    await mkdir(dir);
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    const error = await t.throwsAsync(write(dir, model('2')), {
      instanceOf: PatchlineError,
      code: 'PL_WRITE',
      message,
    });
    t.is(error?.disposition, 'usage');
    t.deepEqual(await contentOf(dir), files);
  });
}

test('a file in the place of the directory or above it', async (t) => {
  const parent = await freshDirectory(t);
  await writeFile(join(parent, 'file'), 'mine');
  for (const dir of [
    join(parent, 'file'),
    join(parent, 'file', 'a'),
    join(parent, 'file', 'a', 'b'),
  ]) {
    await t.throwsAsync(write(dir, model('1')), {
      instanceOf: PatchlineError,
      code: 'PL_WRITE',
      message: /cannot write .*file.*(ENOTDIR|EEXIST)/,
    });
  }
  t.deepEqual(await contentOf(parent), { file: 'mine' });
});

test('a file that cannot be written leaves the old model and nothing else', async (t) => {
  const parent = await freshDirectory(t);
  await write(join(parent, 'a'), model('1'));
  await t.throwsAsync(write(join(parent, 'a'), { ...model('2'), 'no/such/folder': '' }), {
    instanceOf: PatchlineError,
    code: 'PL_WRITE',
    message: /cannot write .*a\/no\/such\/folder: .*ENOENT/,
  });
  t.deepEqual(await contentOf(join(parent, 'a')), model('1'));
  t.deepEqual(await readdir(parent), ['a']);
});

test('what a killed process left behind is removed; what is being written is not', async (t) => {
  const parent = await freshDirectory(t);
  const dead = spawnSync('true').pid;
  const leftover = (name: string) => mkdir(join(parent, name)).then(() => name);
  await leftover(`.a.patchline-fresh-${hostname()}-${dead}-0123abcd`);
  await leftover(`.a.patchline-fresh-${hostname()}-${process.pid}-0123abcd`); // reused id
  const kept = [
    await leftover(`.a.patchline-fresh-${hostname()}-${process.ppid}-0123abcd`),
    await leftover(`.a.patchline-fresh-another.host-${dead}-0123abcd`),
    await leftover(`.b.patchline-fresh-${hostname()}-${dead}-0123abcd`),
    await leftover('.a.patchline-notes'),
  ];
  await write(join(parent, 'a'), model('1'));
  t.deepEqual((await readdir(parent)).sort(), [...kept, 'a'].sort());
});

test('a model that a process killed between the renames left aside is put back', async (t) => {
  const parent = await freshDirectory(t);
  const dead = spawnSync('true').pid;
  await write(join(parent, 'a'), model('1'));
  await rename(join(parent, 'a'), join(parent, `.a.patchline-old-${hostname()}-${dead}-0123abcd`));
  await t.throwsAsync(write(join(parent, 'a'), { 'no/such/folder': '' }), { code: 'PL_WRITE' });
  t.deepEqual(await contentOf(join(parent, 'a')), model('1'));
  t.deepEqual(await readdir(parent), ['a']);
});

/** A file system of 64 kB, or undefined where this user may not mount one. */
function tinyDisk(t: ExecutionContext, dir: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    t.log('not checked: mounting a small disk needs root');
    t.pass();
    return undefined;
  }
  t.teardown(() => execFileSync('umount', [dir]));
  return dir;
}

test('a full disk leaves the old model and nothing else', async (t) => {
  const disk = tinyDisk(t, await freshDirectory(t));
  if (disk === undefined) return;
  const old = model('x'.repeat(20_000));
  await write(join(disk, 'a'), old);
  const error = await t.throwsAsync(write(join(disk, 'a'), model('y'.repeat(60_000))), {
    instanceOf: PatchlineError,
    code: 'PL_WRITE',
    message: /cannot write .*net\.safetensors: the disk is full \(ENOSPC\)/,
  });
  t.regex(error?.hint ?? '', /Free some space/);
  t.deepEqual(await contentOf(join(disk, 'a')), old);
  t.deepEqual(await readdir(disk), ['a']);
  await t.notThrowsAsync(
    write(join(disk, 'a'), model('z'.repeat(20_000))),
    'the space is free again',
  );
});

test('a read-only disk', async (t) => {
  const disk = tinyDisk(t, await freshDirectory(t));
  if (disk === undefined) return;
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  await t.throwsAsync(write(join(disk, 'a'), model('1')), {
    code: 'PL_WRITE',
    message: /a: the file system is read-only \(EROFS\)/,
  });
});

test('a mount point cannot be replaced, and the error says so', async (t) => {
  const parent = await freshDirectory(t);
  await mkdir(join(parent, 'a'));
  const disk = tinyDisk(t, join(parent, 'a'));
  if (disk === undefined) return;
  await t.throwsAsync(write(disk, model('1')), {
    code: 'PL_WRITE',
    message: /it is a mount point/,
  });
  t.deepEqual(await readdir(parent), ['a']);
});

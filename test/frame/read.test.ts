import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, PatchlineError } from '../../src/errors.js';
import { readImageFile } from '../../src/frame/read.js';

async function fileOf(t: ExecutionContext, text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-read-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const path = join(dir, 'a.png');
  await writeFile(path, text);
  return path;
}

async function assertRefused(
  t: ExecutionContext,
  path: string,
  code: ErrorCode,
  why: string,
  maxBytes?: number,
): Promise<void> {
  const options = maxBytes === undefined ? {} : { maxBytes };
  const error = await t.throwsAsync(readImageFile(path, options), {
    instanceOf: PatchlineError,
    code,
    message: `${path} ${why}`,
  });
  t.is(error?.disposition, 'reject');
  t.truthy(error?.hint);
}

test('reads the bytes of a file', async (t) => {
  const path = await fileOf(t, 'bytes');
  t.is(Buffer.from(await readImageFile(path)).toString(), 'bytes');
  t.is((await readImageFile(path, { maxBytes: 5 })).length, 5);
});

test('a missing file', async (t) => {
  const path = `${await fileOf(t, 'x')}.none`;
  await assertRefused(t, path, 'PL_IMAGE_UNREADABLE', 'does not exist');
});

test('a path through a file', async (t) => {
  const path = join(await fileOf(t, 'x'), 'b.png');
  await t.throwsAsync(readImageFile(path), { code: 'PL_IMAGE_UNREADABLE', message: /ENOTDIR/ });
});

test('a directory', (t) =>
  assertRefused(t, tmpdir(), 'PL_IMAGE_UNREADABLE', 'is a directory, not an image'));

test('a device that never ends', (t) =>
  assertRefused(t, '/dev/zero', 'PL_IMAGE_UNREADABLE', 'is not a file'));

test('an empty file', async (t) => {
  await assertRefused(t, await fileOf(t, ''), 'PL_IMAGE_UNREADABLE', 'is empty (0 bytes)');
});

test('a file that is too large is not read', async (t) => {
  const path = await fileOf(t, '123456');
  await assertRefused(t, path, 'PL_IMAGE_TOO_LARGE', 'has 6 bytes; the limit is 5', 5);
});

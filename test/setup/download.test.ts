import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { assertDigest } from '../../src/setup/download.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-download-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

/** FIPS 180-2, B.1: SHA-256 of "abc". */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

test('a file is what its digest says, or it is refused by its name', async (t) => {
  const path = join(folder, 'file');
  await writeFile(path, 'abc');
  await t.notThrowsAsync(assertDigest(path, ABC, 'the file'));
  await writeFile(path, 'abd');
  const error = await t.throwsAsync(assertDigest(path, ABC, 'the file'), { code: 'PL_SETUP' });
  t.regex(
    error.message,
    /^the file is not the file that Patchline knows: SHA-256 a52d.* instead of ba78/,
  );
});

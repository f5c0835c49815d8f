import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  installationDirectory,
  LIBRARY,
  MARKER,
  newInstallation,
  readInstallation,
  usableInstallation,
} from '../../../src/backend/native/installation.js';
import { registerNative } from '../../../src/backend/native/native.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-installation-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

/** An installation of one file of 5 bytes. */
async function installed(name: string, change: object = {}): Promise<string> {
  const dir = join(folder, name);
  await mkdir(join(dir, 'lib'), { recursive: true });
  await writeFile(join(dir, LIBRARY), 'bytes');
  const files = { [LIBRARY]: { bytes: 5, sha256: '0'.repeat(64) } };
  const facts = { tensorflow: '2.21.0', device: 'cpu', cuda: false, files } as const;
  await writeFile(join(dir, MARKER), JSON.stringify({ ...newInstallation(facts), ...change }));
  return dir;
}

test('a whole installation is usable', async (t) => {
  const dir = await installed('whole');
  t.is(usableInstallation(dir).tensorflow, '2.21.0');
});

test('without one it is told how to get it', (t) => {
  const dir = join(folder, 'none');
  t.is(readInstallation(dir), undefined);
  const error = t.throws(() => registerNative(dir), { code: 'PL_BACKEND' });
  t.is(error.message, `TensorFlow is not installed in ${dir}`);
  t.regex(String((error as { hint?: string }).hint), /patchline setup tensorflow/);
});

test('a library that was cut short or is missing is refused before it is loaded', async (t) => {
  const dir = await installed('cut');
  await truncate(join(dir, LIBRARY), 4);
  t.throws(() => registerNative(dir), {
    code: 'PL_BACKEND',
    message: /libtensorflow_cc\.so\.2 has 4 bytes instead of 5$/,
  });
  await rm(join(dir, LIBRARY));
  t.throws(() => registerNative(dir), { message: /libtensorflow_cc\.so\.2 is missing$/ });
});

test('a marker that is damaged, foreign or of another version is refused', async (t) => {
  const dir = await installed('marker');
  await writeFile(join(dir, MARKER), '{"format": "patch');
  t.throws(() => usableInstallation(dir), { code: 'PL_BACKEND', message: /is damaged$/ });
  await installed('marker', { format: 'other' });
  t.throws(() => usableInstallation(dir), { code: 'PL_BACKEND', message: /is damaged$/ });
  await installed('marker', { version: 2 });
  t.throws(() => usableInstallation(dir), { message: /by another version of Patchline$/ });
});

test('what does not load is told with what to do', async (t) => {
  const dir = await installed('hollow');
  const error = t.throws(() => registerNative(dir), { code: 'PL_BACKEND' });
  t.regex(error.message, /does not load: Cannot find module/);
});

test('it lies where PATCHLINE_TENSORFLOW_DIR says, else in the cache of the user', (t) => {
  t.is(
    installationDirectory({ PATCHLINE_TENSORFLOW_DIR: '/opt/tf', XDG_CACHE_HOME: '/c' }),
    '/opt/tf',
  );
  t.is(installationDirectory({ XDG_CACHE_HOME: '/c' }), '/c/patchline/tensorflow');
  t.regex(installationDirectory({ XDG_CACHE_HOME: '' }), /\/\.cache\/patchline\/tensorflow$/);
});

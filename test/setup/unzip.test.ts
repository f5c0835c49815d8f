import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { unzip } from '../../src/setup/unzip.js';
import { cudaPlace, tensorflowPlace } from '../../src/setup/wheel-layout.js';
import { zipOf } from './zip.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-unzip-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const LONG = 'a line that repeats\n'.repeat(10_000);
const WHEEL = zipOf({
  'tensorflow/libtensorflow_cc.so.2': LONG,
  'tensorflow/include/tensorflow/c/eager/c_api.h': '// header',
  'tensorflow/python/module.py': 'pass',
});

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

test('what has a place is unpacked to it, the rest is not', async (t) => {
  const dir = join(folder, 'whole');
  t.is(await unzip(await written('a.whl', WHEEL), dir, tensorflowPlace), 2);
  t.is(await readFile(join(dir, 'lib/libtensorflow_cc.so.2'), 'utf8'), LONG);
  t.is(await readFile(join(dir, 'include/tensorflow/c/eager/c_api.h'), 'utf8'), '// header');
});

test('an entry with a path out of the directory is refused', async (t) => {
  for (const name of ['../evil', '/evil', 'a/../../evil', 'a\\..\\..\\evil']) {
    const file = await written('evil.whl', zipOf({ [name]: 'x' }));
    const error = await t.throwsAsync(
      unzip(file, join(folder, 'evil'), (entry) => entry),
      { code: 'PL_SETUP' },
      name,
    );
    t.regex(error.message, /evil\.whl/);
  }
});

test('a place out of the directory is refused, whatever the entry is called', async (t) => {
  const file = await written('honest.whl', zipOf({ honest: 'x' }));
  await t.throwsAsync(
    unzip(file, join(folder, 'honest'), () => '../honest'),
    { code: 'PL_SETUP', message: /would land outside/ },
  );
});

for (const [what, bytes] of [
  ['cut within its directory', WHEEL.subarray(0, -30)],
  ['cut within an entry', WHEEL.subarray(0, 200)],
  ['no zip file', Buffer.from('<html>404 not found</html>')],
  ['empty', Buffer.alloc(0)],
] as const) {
  test(`a wheel that is ${what} is refused by its name`, async (t) => {
    const file = await written(`${what}.whl`, bytes);
    const error = await t.throwsAsync(unzip(file, join(folder, what), tensorflowPlace), {
      code: 'PL_SETUP',
    });
    t.true(error.message.includes(file));
  });
}

test('an entry whose data are damaged is refused', async (t) => {
  const damaged = Buffer.from(WHEEL);
  damaged.fill(0xff, 70, 110);
  await t.throwsAsync(
    unzip(await written('damaged.whl', damaged), join(folder, 'damaged'), tensorflowPlace),
    { code: 'PL_SETUP', message: /cannot unpack/ },
  );
});

test('an abort ends it with its reason', async (t) => {
  const reason = new Error('stopped');
  const file = await written('stopped.whl', WHEEL);
  const error = await t.throwsAsync(
    unzip(file, join(folder, 'stopped'), tensorflowPlace, AbortSignal.abort(reason)),
  );
  t.is(error, reason);
});

test('libraries, their headers and notices are taken of a wheel; of CUDA its libraries', (t) => {
  t.is(
    tensorflowPlace('tensorflow/libtensorflow_framework.so.2'),
    'lib/libtensorflow_framework.so.2',
  );
  t.is(
    tensorflowPlace('tensorflow/include/xla/tsl/c/tsl_status.h'),
    'include/xla/tsl/c/tsl_status.h',
  );
  t.is(tensorflowPlace('tensorflow/include/tensorflow/core/graph/graph.h'), undefined);
  t.is(tensorflowPlace('other/libtensorflow_cc.so.2'), undefined);
  t.is(cudaPlace('nvidia/cudnn/lib/libcudnn.so.9'), 'nvidia/cudnn/lib/libcudnn.so.9');
  t.is(cudaPlace('nvidia/cudnn/include/cudnn.h'), undefined);
  t.is(cudaPlace('nvidia/__init__.py'), undefined);
});

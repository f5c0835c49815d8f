import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RELEASE, type Release } from '../../src/setup/release.js';
import { type SetupOptions, setUpTensorflow } from '../../src/setup/tensorflow.js';
import { patchline } from '../helpers/cli.js';
import { zipOf } from './zip.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-setup-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const CPU = zipOf({ 'tensorflow/libtensorflow_cc.so.2': 'cpu' });
const GPU = zipOf({ 'tensorflow/libtensorflow_cc.so.2': 'gpu' });
const WITHOUT = zipOf({ 'tensorflow/__init__.py': '' });

const wheel = (requirement: string, bytes: Uint8Array) => ({
  requirement,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** Small wheels; no package can be fetched, so that nothing goes further. */
const release = (cpu = CPU): Release => ({
  ...RELEASE,
  wheels: { cpu: wheel('cpu==1', cpu), gpu: wheel('gpu==1', GPU) },
  room: { cpu: 1, gpu: 1 },
});

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

function setUp(name: string, options: Partial<SetupOptions>, known = release()) {
  const dir = join(folder, name, 'tensorflow');
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const base = { device: 'cpu', dir, systemCuda: false, force: false, note } as const;
  return setUpTensorflow({ ...base, ...options }, known);
}

test('a wheel that was cut is refused, and nothing is left behind', async (t) => {
  const cut = await file('cut.whl', CPU.subarray(0, -5));
  const error = await t.throwsAsync(setUp('cut', { wheel: cut }), { code: 'PL_SETUP' });
  t.regex(error.message, /cut\.whl \(wanted: cpu==1\) is not the file that Patchline knows/);
  t.deepEqual(await readdir(join(folder, 'cut')), []);
});

test('the wheel of the other device is called that', async (t) => {
  const other = await file('gpu.whl', GPU);
  await t.throwsAsync(setUp('other', { wheel: other }), {
    code: 'PL_SETUP',
    message: /gpu\.whl is the wheel of --device gpu, not cpu$/,
  });
});

test('a wheel that is not there, or is a directory, is refused', async (t) => {
  for (const path of [join(folder, 'nothing.whl'), folder]) {
    await t.throwsAsync(setUp('nothing', { wheel: path }), {
      message: `there is no wheel ${path}`,
    });
  }
});

test('a wheel without the library is refused', async (t) => {
  const without = await file('without.whl', WITHOUT);
  await t.throwsAsync(setUp('without', { wheel: without }, release(WITHOUT)), {
    code: 'PL_SETUP',
    message: /holds none of the files that are needed/,
  });
});

test('a directory of something else is not replaced', async (t) => {
  const dir = join(folder, 'home');
  await mkdir(dir);
  await writeFile(join(dir, 'letter.txt'), 'dear …');
  const good = await file('good.whl', CPU);
  await t.throwsAsync(setUp('', { dir, wheel: good }), {
    code: 'PL_WRITE',
    message: /home holds other files, such as letter\.txt$/,
  });
  t.deepEqual(await readdir(dir), ['letter.txt']);
});

test('an abort leaves nothing behind', async (t) => {
  const good = await file('aborted.whl', CPU);
  const reason = new Error('stopped');
  const error = await t.throwsAsync(
    setUp('aborted', { wheel: good, signal: AbortSignal.abort(reason) }),
  );
  t.is(error, reason);
  t.deepEqual(await readdir(join(folder, 'aborted')), []);
});

test('on the command line: wrong usage ends with 2, a missing tool with 1 and what to do', async (t) => {
  const cwd = folder;
  const what = await patchline(['setup', 'pytorch'], { cwd });
  t.is(what.code, 2);
  t.regex(what.stderr, /nothing called 'pytorch' to set up/);
  const device = await patchline(['setup', 'tensorflow', '--device', 'tpu'], { cwd });
  t.is(device.code, 2);
  t.regex(device.stderr, /--device: expected one of cpu, gpu/);
  const dir = join(folder, 'no-pip', 'tensorflow');
  const noPip = await patchline(['setup', 'tensorflow', '--dir', dir], {
    cwd,
    environment: { PATH: '/nowhere' },
  });
  t.is(noPip.code, 1);
  t.regex(noPip.stderr, /python3 is not installed\n.*--wheel/);
  t.deepEqual(await readdir(join(folder, 'no-pip')), []);
});

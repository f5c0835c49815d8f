/** `patchline demo` from nothing to its last frame. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { patchline } from '../helpers/cli.js';

test('it learns, judges, says what it did not learn, and ends', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'patchline-e2e-'));
  t.teardown(() => rm(cwd, { recursive: true }));
  const line = ['--surfaces', 'metal', '--steps', '1', '--frames', '4', '--rate', '20'];
  const { code, stdout, stderr } = await patchline(
    ['demo', ...line, '--http', '127.0.0.1:0', '--no-open', '--keep', 'models', '--json'],
    { cwd },
  );
  t.is(code, 0, stderr);
  const { ok, anomalous, rejected } = JSON.parse(stdout).frames;
  t.deepEqual([ok + anomalous, rejected], [4, 0]);
  // One step teaches nothing.
  t.regex(stderr, /\nwarning: metal-1 was not learned: 3\d % .*; the untrained features are used/);
  t.regex(stderr, /\nFirst heat map \d+/);
  t.deepEqual(await readdir(join(cwd, 'models')), ['metal-1']);
});

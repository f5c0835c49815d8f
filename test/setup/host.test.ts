import { tmpdir } from 'node:os';
import test from 'ava';
import { assertRoom, assertSupported } from '../../src/setup/host.js';

const HERE = { platform: 'linux', arch: 'x64', glibc: '2.36' };

test('Linux on x64 with a glibc from 2.27 on is supported', (t) => {
  for (const glibc of ['2.27', '2.36', '3.0'])
    t.notThrows(() => assertSupported({ ...HERE, glibc }));
});

for (const [what, host, words] of [
  ['macOS', { ...HERE, platform: 'darwin' }, /this is darwin x64/],
  ['arm64', { ...HERE, arch: 'arm64' }, /this is linux arm64/],
  ['musl', { ...HERE, glibc: undefined }, /another \(musl\?\)/],
  ['glibc 2.17', { ...HERE, glibc: '2.17' }, /2\.27 or newer, and this system has 2\.17/],
  ['glibc 2.9', { ...HERE, glibc: '2.9' }, /this system has 2\.9/],
] as const) {
  test(`${what} is refused before anything is fetched`, (t) => {
    const error = t.throws(() => assertSupported(host), { code: 'PL_SETUP' });
    t.regex(error.message, words);
  });
}

test('a disk without room is told with both numbers', async (t) => {
  await t.notThrowsAsync(assertRoom(tmpdir(), 1));
  const error = await t.throwsAsync(assertRoom(tmpdir(), 1e18), { code: 'PL_SETUP' });
  t.regex(error.message, /has \d+\.\d GB free, and the setup needs 1000000000\.0 GB/);
});

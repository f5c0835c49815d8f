import test from 'ava';
import { bytes, columns, count, duration, percent } from '../../src/cli/format.js';

test('durations are as exact as they matter', (t) => {
  const written = [40, 9_949, 9_951, 59_499, 59_600, 185_400, 3_569_000, 3_571_000, 7_800_000];
  t.deepEqual(written.map(duration), [
    '0.0 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min 0 s',
    '3 min 5 s',
    '59 min 29 s',
    '1 h 0 min',
    '2 h 10 min',
  ]);
});

test('shares, bytes, counts', (t) => {
  t.deepEqual(
    [0.05, 1 / 7, 1].map((share) => percent(share)),
    ['5 %', '14.3 %', '100 %'],
  );
  t.deepEqual([812, 4096, 1.3 * 2 ** 20].map(bytes), ['812 B', '4.0 KiB', '1.3 MiB']);
  t.deepEqual([count(1, 'image'), count(0, 'image')], ['1 image', '0 images']);
});

test('columns are as wide as their widest cell', (t) => {
  t.deepEqual(
    columns([
      ['', 'model'],
      ['AUROC', '9 %'],
    ]),
    ['       model', 'AUROC    9 %'],
  );
});

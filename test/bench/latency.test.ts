import test from 'ava';
import { latencyOf } from '../../src/bench/latency.js';

test('quantiles leave out the first tenth', (t) => {
  const found = [
    ...Array.from({ length: 10 }, () => 1000),
    ...Array.from({ length: 90 }, (_, i) => i + 1),
  ];
  t.like(latencyOf(found, 10), { frames: 90, p50Ms: 45, p99Ms: 90, p99OverP50: 2, load: 0.7 });
});

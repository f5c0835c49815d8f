import test from 'ava';
import { type MemorySample, summary } from '../../src/bench/soak.js';

/** Two samples of each tenth. */
function samples(rss: (tenth: number) => number, tensors: (tenth: number) => number = () => 7) {
  return Array.from({ length: 20 }, (_, i): MemorySample => {
    const tenth = Math.floor(i / 2);
    const around = i % 2 === 0 ? -1 : 1;
    return { rss: rss(tenth) + around, heap: 50 + around, tensors: tensors(tenth) };
  });
}

test('each tenth is the mean of its samples', (t) => {
  const { tenths } = summary(samples((tenth) => 100 * tenth));
  t.is(tenths.length, 10);
  t.deepEqual(tenths[3], { rss: 300, heap: 50, tensors: 7 });
});

test('the warm-up of the first tenth is no growth', (t) => {
  const report = summary(samples((tenth) => (tenth === 0 ? 10 : 100)));
  t.is(report.rssGrowth, 0);
  t.true(report.rssFlat);
});

test('memory may grow by 5 % from the second tenth to the last', (t) => {
  t.true(summary(samples((tenth) => (tenth === 9 ? 1049 : 1000))).rssFlat);
  t.false(summary(samples((tenth) => (tenth === 9 ? 1051 : 1000))).rssFlat);
  t.true(summary(samples((tenth) => (tenth === 9 ? 500 : 1000))).rssFlat);
});

test('one more tensor is one too many, but not while threads start', (t) => {
  const flat = () => 1000;
  t.true(summary(samples(flat, (tenth) => (tenth === 0 ? 3 : 7))).tensorsConstant);
  t.false(summary(samples(flat, (tenth) => (tenth === 6 ? 8 : 7))).tensorsConstant);
});

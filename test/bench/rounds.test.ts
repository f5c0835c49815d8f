import test from 'ava';
import { measureInRounds, ratioOf, spreadOf } from '../../src/bench/rounds.js';

test('the middle of an odd number of figures is one of them, of an even number between two', (t) => {
  t.deepEqual(spreadOf([30, 10, 20]), { median: 20, min: 10, max: 30 });
  t.deepEqual(spreadOf([4, 1, 3, 10]), { median: 3.5, min: 1, max: 10 });
  t.deepEqual(spreadOf([7]), { median: 7, min: 7, max: 7 });
});

test('figures are sorted as numbers and left as they were', (t) => {
  const figures = [100, 9, 20];
  t.is(spreadOf(figures).median, 20);
  t.deepEqual(figures, [100, 9, 20]);
});

test('ratios are taken round by round, so a slow round does not count', (t) => {
  // In the second round the machine was ten times slower, for both alike.
  const fast = [20, 2, 21];
  const slow = [10, 1, 10];
  t.deepEqual(ratioOf(fast, slow), { median: 2, min: 2, max: 2.1 });
  const ratioOfMedians = spreadOf(fast).median / spreadOf([10, 9, 10]).median;
  t.is(ratioOfMedians, 2, 'which the ratio of medians would only show by luck');
});

/** Remembers in which order cases were measured, and for how long. */
function cases(names: readonly string[], log: string[]) {
  return names.map((name, i) => ({
    measure: async (seconds: number) => {
      log.push(`${name} ${seconds}`);
      return { framesPerSecond: 10 * (i + 1) + log.length, cpuMsPerFrame: i };
    },
  }));
}

test('cases take turns, after a shorter round that does not count', async (t) => {
  const log: string[] = [];
  const progress: string[] = [];
  const rates = await measureInRounds(cases(['a', 'b'], log), {
    rounds: 2,
    seconds: 4,
    onMeasured: (done, total, index) => progress.push(`${done}/${total} ${index}`),
  });
  t.deepEqual(log, ['a 1', 'b 1', 'a 4', 'b 4', 'a 4', 'b 4']);
  t.deepEqual(progress, ['1/6 0', '2/6 1', '3/6 0', '4/6 1', '5/6 0', '6/6 1']);
  t.deepEqual(
    rates.map((rounds) => rounds.map(({ framesPerSecond }) => framesPerSecond)),
    [
      [13, 15],
      [24, 26],
    ],
  );
});

test('stops between two measurements with the reason of the signal', async (t) => {
  const controller = new AbortController();
  const log: string[] = [];
  const onMeasured = (done: number): void => {
    if (done === 3) controller.abort(new Error('enough'));
  };
  const options = { rounds: 9, seconds: 1, onMeasured, signal: controller.signal };
  await t.throwsAsync(measureInRounds(cases(['a', 'b'], log), options), { message: 'enough' });
  t.is(log.length, 3);
});

import test from 'ava';
import { Progress } from '../../src/cli/progress.js';
import { screen } from './screen.js';

/** A phase of 100 steps, of which the first takes 2 s and each further one 0.5 s. */
function runPhase(isTTY: boolean, from = 0) {
  let now = 0;
  const { output, written } = screen({ isTTY });
  const progress = new Progress(output, () => now);
  now = 2000;
  for (let done = from + 1; done <= 100; done++) {
    progress.update({ phase: 'training', done, total: 100, detail: `loss ${done}` });
    if (done < 100) now += 500;
  }
  return written.stderr;
}

test('without a terminal: a line every ten seconds with the time left, and one at the end', (t) => {
  // A line 10 s after the phase began, that is, after 20 further steps of 0.5 s.
  t.deepEqual(runPhase(false).split('\n'), [
    'training     21/100  loss 21  40 s left',
    'training     41/100  loss 41  30 s left',
    'training     61/100  loss 61  20 s left',
    'training     81/100  loss 81  9.5 s left',
    'training     100/100  loss 100  52 s',
    '',
  ]);
});

test('a resumed phase counts its own steps only', (t) => {
  t.is(runPhase(false, 60).split('\n')[0], 'training     81/100  loss 81  9.5 s left');
});

test('on a terminal every state shows, and one line stays', (t) => {
  const written = runPhase(true);
  const states = written.split('\r\u001b[K');
  t.is(states[1], 'training     1/100  loss 1');
  t.is(states[2], 'training     2/100  loss 2  49 s left');
  t.is(states.at(-1), 'training     100/100  loss 100  52 s\n');
  t.is(written.split('\n').length, 2);
});

test('phases follow each other', (t) => {
  let now = 0;
  const { output, written } = screen();
  const progress = new Progress(output, () => now);
  for (const phase of ['reading', 'fitting']) {
    now += 3000;
    progress.update({ phase, done: 1, total: 2 });
    now += 1000;
    progress.update({ phase, done: 2, total: 2 });
  }
  t.is(written.stderr, 'reading      2/2  4.0 s\nfitting      2/2  4.0 s\n');
});

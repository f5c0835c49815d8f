import test from 'ava';
import fc from 'fast-check';
import { Random } from '../../src/random.js';
import {
  type AlarmRule,
  DEFAULT_ALARM_RULE,
  Line,
  type LineState,
} from '../../src/watch/line-state.js';

/** `.` ok, `X` anomalous, `r` rejected; the states as `o`, `w` and `A`. */
function states(rule: AlarmRule, frames: string): string {
  const line = new Line(rule);
  const verdicts = { '.': 'ok', X: 'anomalous', r: 'rejected' } as const;
  const letters: Record<LineState, string> = { ok: 'o', warning: 'w', alarm: 'A' };
  return [...frames]
    .map((frame) => letters[line.follow(verdicts[frame as keyof typeof verdicts]).state])
    .join('');
}

const THREE_OF_FIVE = { anomalous: 3, of: 5 };

// By hand: A from 3 of the last 5 on, until at most 1 is left (fewer than half of 3); w from 1 on.
for (const [name, frames, expected] of [
  ['one noisy frame is a warning and passes', '..X......', 'oowwwwwoo'],
  ['two in five are no alarm', 'X.X.....', 'wwwwwwwo'],
  ['three in five are', 'X.X.X...', 'wwwwAAAw'],
  ['an alarm outlives its first anomaly', 'XXX.....', 'wwAAAAwo'],
  ['flapping at the limit is one alarm', 'XX.X.X.X.X', 'wwwAAAAAAA'],
  ['rejected frames change nothing', 'XXrrrrrrX', 'wwwwwwwwA'],
  ['rejected frames end no alarm', 'XXXrrrrrrrr', 'wwAAAAAAAAA'],
  ['good frames after rejected ones do', 'XXXrrr....', 'wwAAAAAAAw'],
  ['a line that begins with rejected frames is ok', 'rrr.', 'oooo'],
  ['all defective', 'XXXXXXXX', 'wwAAAAAA'],
] as const) {
  test(`3/5: ${name}`, (t) => {
    t.is(states(THREE_OF_FIVE, frames), expected);
  });
}

test('1/1: each anomalous frame is an alarm and nothing else', (t) => {
  t.is(states({ anomalous: 1, of: 1 }, '.X.XX.'), 'oAoAAo');
});

test('the status tells what the state was before, and of how many frames it speaks', (t) => {
  const line = new Line({ anomalous: 2, of: 3 });
  t.deepEqual(line.follow('rejected'), { state: 'ok', before: 'ok', anomalous: 0, of: 0 });
  t.deepEqual(line.follow('anomalous'), { state: 'warning', before: 'ok', anomalous: 1, of: 1 });
  t.deepEqual(line.follow('anomalous'), { state: 'alarm', before: 'warning', anomalous: 2, of: 2 });
  t.deepEqual(line.follow('ok'), { state: 'alarm', before: 'alarm', anomalous: 2, of: 3 });
  t.deepEqual(line.follow('ok'), { state: 'alarm', before: 'alarm', anomalous: 1, of: 3 });
  t.deepEqual(line.follow('ok'), { state: 'ok', before: 'alarm', anomalous: 0, of: 3 });
});

const rules = fc
  .integer({ min: 1, max: 20 })
  .chain((of) => fc.record({ of: fc.constant(of), anomalous: fc.integer({ min: 1, max: of }) }));

test('for any rule and sequence: the count is that of the last judged frames', (t) => {
  const verdict = fc.constantFrom('ok', 'anomalous', 'rejected');
  fc.assert(
    fc.property(rules, fc.array(verdict, { maxLength: 80 }), (rule, verdicts) => {
      const line = new Line(rule);
      const judged: string[] = [];
      for (const each of verdicts) {
        if (each !== 'rejected') judged.push(each);
        const last = judged.slice(-rule.of);
        const { state, before, anomalous, of } = line.follow(each);
        t.is(of, last.length);
        t.is(anomalous, last.filter((one) => one === 'anomalous').length);
        if (anomalous >= rule.anomalous) t.is(state, 'alarm');
        if (anomalous === 0) t.is(state, 'ok');
        if (state === 'alarm' && before !== 'alarm') t.is(anomalous, rule.anomalous);
        if (before === 'alarm')
          t.is(state === 'alarm', anomalous > 0 && anomalous * 2 >= rule.anomalous);
      }
    }),
  );
});

/** What help texts say of chance; expected values from the Markov chain of the window. */
for (const [rule, rate, expected] of [
  [THREE_OF_FIVE, 0.05, 1608],
  [DEFAULT_ALARM_RULE, 0.15, 802],
] as const) {
  test(`${rule.anomalous}/${rule.of}: good frames alone alarm once in ${expected} at ${rate}`, (t) => {
    const random = new Random(5);
    const alarms = 2000;
    let frames = 0;
    for (let i = 0; i < alarms; i++) {
      const line = new Line(rule);
      let state: LineState = 'ok';
      for (; state !== 'alarm'; frames++) {
        ({ state } = line.follow(random.uniform() < rate ? 'anomalous' : 'ok'));
      }
    }
    // The time to an alarm is nearly exponential: the mean of 2,000 has a deviation of 2.2 %.
    t.true(Math.abs(frames / alarms / expected - 1) < 0.09, `${frames / alarms}`);
  });
}

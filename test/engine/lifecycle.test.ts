import test from 'ava';
import { LIFECYCLE_STATES, Lifecycle, type LifecycleState } from '../../src/engine/lifecycle.js';
import { PatchlineError } from '../../src/errors.js';

/** Which state may follow which; `failed` is reached by `fail` as well. */
const LEGAL: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  idle: ['starting', 'stopped'],
  starting: ['running', 'draining', 'failed'],
  running: ['draining', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

const WAY: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  idle: [],
  starting: ['starting'],
  running: ['starting', 'running'],
  draining: ['starting', 'running', 'draining'],
  stopped: ['stopped'],
  failed: ['starting', 'failed'],
};

function inState(state: LifecycleState): Lifecycle {
  const lifecycle = new Lifecycle();
  for (const next of WAY[state]) lifecycle.transition(next);
  return lifecycle;
}

const error = new PatchlineError('PL_BACKEND', 'broken');

for (const from of LIFECYCLE_STATES) {
  for (const to of LIFECYCLE_STATES) {
    const legal = LEGAL[from].includes(to);
    test(`${from} → ${to} is ${legal ? 'legal' : 'refused'}`, (t) => {
      const lifecycle = inState(from);
      const seen: string[] = [];
      lifecycle.onChange((state, before) => seen.push(`${before} → ${state}`));
      if (legal) {
        lifecycle.transition(to);
        t.is(lifecycle.state, to);
        t.deepEqual(seen, [`${from} → ${to}`]);
      } else {
        const thrown = t.throws(() => lifecycle.transition(to), { instanceOf: PatchlineError });
        t.is(thrown?.code, 'PL_STATE');
        t.true(thrown?.message.includes(from) && thrown.message.includes(to));
        t.is(lifecycle.state, from);
        t.deepEqual(seen, []);
      }
    });
  }
}

test('a failure is kept and told before the listeners are', (t) => {
  const lifecycle = inState('running');
  let told: PatchlineError | undefined;
  lifecycle.onChange(() => {
    told = lifecycle.failure;
  });
  lifecycle.fail(error);
  t.is(told, error);
  t.is(lifecycle.state, 'failed');
});

test('the first failure counts', (t) => {
  const lifecycle = inState('draining');
  let changes = 0;
  lifecycle.onChange(() => changes++);
  lifecycle.fail(error);
  lifecycle.fail(new PatchlineError('PL_TIMEOUT', 'later'));
  t.is(lifecycle.failure, error);
  t.is(changes, 1);
});

for (const state of ['idle', 'stopped'] as const) {
  test(`what is ${state} cannot fail`, (t) => {
    const lifecycle = inState(state);
    lifecycle.fail(error);
    t.is(lifecycle.state, state);
    t.is(lifecycle.failure, undefined);
  });
}

test('only stopped and failed are ends', (t) => {
  const ends = LIFECYCLE_STATES.filter((state) => inState(state).ended);
  t.deepEqual(ends, ['stopped', 'failed']);
});

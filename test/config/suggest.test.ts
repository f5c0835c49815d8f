import test from 'ava';
import { didYouMean, nearestOf } from '../../src/config/suggest.js';

const flags = ['--steps', '--seed', '--sigma', '--false-alarm-rate'];

test('typing errors find what was meant', (t) => {
  t.is(nearestOf('--stpes', flags), '--steps'); // swapped
  t.is(nearestOf('--step', flags), '--steps'); // missing
  t.is(nearestOf('--seeds', flags), '--seed'); // one more
  t.is(nearestOf('--signa', flags), '--sigma'); // another
  t.is(nearestOf('--false-alarmrate', flags), '--false-alarm-rate');
});

test('what is near nothing gets no suggestion', (t) => {
  t.is(nearestOf('--velocity', flags), undefined);
  t.is(nearestOf('x', []), undefined);
  t.is(didYouMean('--velocity', flags), '');
});

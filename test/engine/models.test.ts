import test from 'ava';
import { ModelSet } from '../../src/engine/models.js';
import type { Bundle } from '../../src/model/bundle.js';
import { FAKE_BUNDLE } from '../helpers/fake-engine.js';

const bundle = (id: string): Bundle => ({ ...FAKE_BUNDLE, id });
const [left, right, other] = ['left', 'right', 'other'].map(bundle);

test('one model judges all cameras', (t) => {
  const models = ModelSet.single(other);
  t.is(models.of('any'), other);
  t.deepEqual(models.all, [other]);
});

test('a camera has its own model, all others the fallback', (t) => {
  const models = new ModelSet(new Map([['1', left]]), other);
  t.is(models.of('1'), left);
  t.is(models.of('2'), other);
});

test('a camera without model and fallback is refused by name, that frame alone', (t) => {
  const models = new ModelSet(new Map([['1', left]]), undefined);
  const error = t.throws(() => models.of('toString'), {
    code: 'PL_CONFIG',
    message: "camera 'toString' has no model",
  });
  t.like(error, { disposition: 'reject' });
});

test('a model of several cameras is there once', (t) => {
  const byCamera = new Map([
    ['1', left],
    ['2', right],
    ['3', bundle('left')],
  ]);
  const ids = new ModelSet(byCamera, right).all.map(({ id }) => id);
  t.deepEqual(ids.sort(), ['left', 'right']);
});

test('no model at all is wrong usage', (t) => {
  const error = t.throws(() => new ModelSet(new Map(), undefined), { code: 'PL_CONFIG' });
  t.like(error, { disposition: 'usage' });
});

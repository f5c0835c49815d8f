import test from 'ava';
import { DEFECT_KINDS } from '../../../src/stream/line/defect.js';
import { damagedFrame, lineFrame, plannedDefect } from '../../../src/stream/line/line.js';
import { renderGood } from '../../../src/stream/line/surface.js';

const request = { surface: 'carton', seed: 3, defectRate: 0.5 } as const;

test('a frame is the same whatever was drawn before', (t) => {
  const forward = [0, 1, 2, 3].map((index) => lineFrame({ ...request, index }));
  const backward = [3, 2, 1, 0].map((index) => lineFrame({ ...request, index }));
  t.deepEqual(backward.reverse(), forward);
});

test('good frames are good and have an empty mask; others have the planned defect', (t) => {
  const frames = Array.from({ length: 12 }, (_, index) => ({
    index,
    ...lineFrame({ ...request, index }),
  }));
  t.true(frames.some(({ defect }) => defect === null) && frames.some(({ defect }) => defect));
  for (const { index, pixels, defect, mask } of frames) {
    t.is(defect, plannedDefect({ ...request, index }));
    const good = renderGood('carton', request.seed, index);
    if (defect === null) t.deepEqual(pixels, good);
    else t.notDeepEqual(pixels, good);
    t.is(mask.includes(1), defect !== null);
    t.is(mask.length, pixels.width * pixels.height);
  }
});

test('the share of defects is binomial, each kind as likely', (t) => {
  const n = 4000;
  const planned = Array.from({ length: n }, (_, index) =>
    plannedDefect({ surface: 'metal', seed: 1, index, defectRate: 0.12 }),
  ).filter((kind) => kind !== null);
  const sigma = Math.sqrt(n * 0.12 * 0.88);
  t.true(Math.abs(planned.length - 0.12 * n) < 4 * sigma, `${planned.length} of ${n}`);
  for (const kind of DEFECT_KINDS) {
    const count = planned.filter((other) => other === kind).length;
    const expected = planned.length / DEFECT_KINDS.length;
    t.true(Math.abs(count - expected) < 4 * Math.sqrt(expected * 0.75), `${count} ${kind}`);
  }
});

test('rates of 0 and 1 mean never and always', (t) => {
  for (let index = 0; index < 200; index++) {
    t.is(plannedDefect({ ...request, index, defectRate: 0 }), null);
    t.not(plannedDefect({ ...request, index, defectRate: 1 }), null);
  }
});

test('the severity is random unless it is given', (t) => {
  const free = damagedFrame('metal', 1, 0, 'dent');
  t.deepEqual(damagedFrame('metal', 1, 0, 'dent'), free);
  t.notDeepEqual(damagedFrame('metal', 1, 0, 'dent', 1), damagedFrame('metal', 1, 0, 'dent', 0));
});

import test from 'ava';
import { RenderAhead } from '../../../src/stream/line/render-ahead.js';

test('draws up to its depth ahead, in order, to the limit', async (t) => {
  const begun: number[] = [];
  const ahead = new RenderAhead(async (index) => begun.push(index), 3, 5);
  t.deepEqual(begun, [0, 1, 2]);
  await ahead.ready();
  t.deepEqual(begun, [0, 1, 2]);
  t.is(await ahead.next(), 1);
  t.deepEqual(begun, [0, 1, 2, 3]);
  const rest = [await ahead.next(), await ahead.next(), await ahead.next(), await ahead.next()];
  t.deepEqual(rest, [2, 3, 4, 5]);
  t.is(await ahead.next(), undefined);
  t.deepEqual(begun, [0, 1, 2, 3, 4]);
});

test('reports a failure where the frame is asked for', async (t) => {
  const render = async (index: number) => {
    if (index === 1) throw new Error('no paint');
    return index;
  };
  const ahead = new RenderAhead(render, 3, 3);
  await t.notThrowsAsync(ahead.ready());
  t.is(await ahead.next(), 0);
  await t.throwsAsync(ahead.next(), { message: 'no paint' });
});

import test from 'ava';
import { SimulatedGpu } from '../../src/bench/scale/simulated-gpu.js';
import type { Frame, Outcome } from '../../src/frame/frame.js';

const OUTCOME: Outcome = { verdict: 'rejected', code: 'PL_TEST', message: '' };

function frame(id: string): Frame {
  return {
    id,
    camera: 'cam-1',
    capturedAt: 0,
    bytes: new Uint8Array(),
    encoding: { kind: 'encoded' },
    origin: { topic: 'frames', partition: 0, offset: id },
  };
}

test('the device takes one frame at a time, however many are given at once', async (t) => {
  const decoded: string[] = [];
  const decoder = {
    judge: async ({ id }: Frame) => {
      decoded.push(id);
      return OUTCOME;
    },
  };
  const gpu = new SimulatedGpu(decoder, 20);
  const start = performance.now();
  const done: string[] = [];
  const judged = ['0', '1', '2', '3'].map(async (id) => {
    t.is(await gpu.judge(frame(id)), OUTCOME);
    done.push(id);
  });
  await Promise.resolve();
  t.deepEqual(decoded, ['0', '1', '2', '3']);
  await Promise.all(judged);
  t.true(performance.now() - start > 4 * 20 - 5); // timers may be early by a millisecond each
  t.deepEqual(done, ['0', '1', '2', '3']);
});

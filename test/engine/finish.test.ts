import test from 'ava';
import { runningTensorflow, startTensorflow } from '../../src/backend/tensorflow.js';
import { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { Finisher } from '../../src/engine/finish.js';
import type { OverlayPolicy } from '../../src/engine/options.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { surface, withDefect } from '../helpers/images.js';
import { testModel } from '../helpers/model.js';

const SIZE = { width: 96, height: 64 };

test('a map that was sent on stays as it is, whatever frames follow', async (t) => {
  await startTensorflow('wasm');
  const model = await testModel(SIZE);
  const detector = await LoadedDetector.load(model, runningTensorflow());
  const finisher = new Finisher([model]);
  const finish = async (frame: Pixels, wantsMap: OverlayPolicy) => {
    const input = prepareFrame(frame, Number.POSITIVE_INFINITY, detector.wantsStatistics);
    const [outputs] = await detector.encoder.encode([input]);
    const finished = finisher.finish({ model: model.id, outputs, frame, size: SIZE, wantsMap });
    const map = finished.map?.scores;
    const right = (await detector.localize(input)).map;
    return { map, right };
  };
  const good = surface(SIZE, 100);
  const bad = withDefect(surface(SIZE, 101), 60, 20);
  const orders: [Pixels, OverlayPolicy, boolean][] = [
    [good, 'always', true],
    [bad, 'never', false],
    [good, 'anomalous', false],
    [bad, 'anomalous', true],
    [good, 'never', false],
    [bad, 'always', true],
  ];
  const finished = [];
  for (const [frame, wantsMap, wanted] of orders) {
    finished.push({ ...(await finish(frame, wantsMap)), wanted });
  }
  for (const { map, right, wanted } of finished) t.deepEqual(map, wanted ? right : undefined);
  detector.dispose();
});

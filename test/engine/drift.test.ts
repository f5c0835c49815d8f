/** Drift on frames of the synthetic line, from the camera's JPEG through the engine. */
import test from 'ava';
import type { Sharp } from 'sharp';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { byPatches } from '../../src/detect/frame-judge.js';
import { LoadedDetector } from '../../src/detect/model.js';
import { Engine } from '../../src/engine/engine.js';
import { ModelSet } from '../../src/engine/models.js';
import { decodeForModel } from '../../src/frame/decode.js';
import type { Judgement } from '../../src/frame/frame.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { sharp } from '../../src/frame/sharp-setup.js';
import { calibrate } from '../../src/learn/calibrate.js';
import type { GoodImage } from '../../src/learn/images.js';
import { learnModel } from '../../src/learn/model.js';
import { DEFAULT_LEARNING } from '../../src/learn/options.js';
import type { Bundle } from '../../src/model/bundle.js';
import { damagedFrame } from '../../src/stream/line/line.js';
import { renderGood } from '../../src/stream/line/surface.js';
import type { DriftStatus } from '../../src/watch/drift.js';
import { DEFAULT_ALARM_RULE } from '../../src/watch/line-state.js';
import { Watch } from '../../src/watch/watch.js';
import { frameOf } from '../helpers/frames.js';

const SIZE = { width: 96, height: 96 };
const ALPHA = 0.05;
const LEARNED = 40;
const CALIBRATED = 300;
const PARTS = 240;
/** As many frames as the watch looks back on. */
const WINDOW = 2000;

/** What the camera sees of a part, where the lamp gives `light` times what it should. */
function seen({ width, height, data }: Pixels, light = 1): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .linear(light)
    .jpeg({ quality: 90 })
    .toBuffer();
}

const part = (index: number) => renderGood('metal', 5, index);

async function goodImages(first: number, count: number): Promise<GoodImage[]> {
  const images: GoodImage[] = [];
  for (let i = first; i < first + count; i++) {
    const jpeg = await seen(part(i));
    const { pixels } = await decodeForModel(jpeg, { kind: 'encoded' }, SIZE);
    images.push({ name: `${i}`, pixels });
  }
  return images;
}

async function metalModel(): Promise<Bundle> {
  const backend = await startTensorflow('wasm');
  const learning = { ...DEFAULT_LEARNING, steps: 0, alpha: ALPHA };
  const { manifest, tensors } = await learnModel('metal', await goodImages(0, LEARNED), learning);
  const detector = await LoadedDetector.load({ manifest, tensors }, backend);
  const calibration = await calibrate(
    byPatches(detector),
    await goodImages(LEARNED, CALIBRATED),
    ALPHA,
  );
  detector.dispose();
  return {
    id: 'f'.repeat(64),
    dir: '',
    manifest: { ...manifest, calibration, files: {} },
    tensors,
  };
}

let models: ModelSet;
let engine: Engine;
let parts: Pixels[];

test.before(async () => {
  models = ModelSet.single(await metalModel());
  engine = new Engine({ models, overlay: () => 'never' });
  await engine.start();
  parts = Array.from({ length: PARTS }, (_, i) => part(LEARNED + CALIBRATED + i));
});
test.after.always(() => engine?.stop());

async function judged(frames: readonly Promise<Uint8Array>[]): Promise<Judgement[]> {
  const outcomes = await Promise.all(
    frames.map(async (jpeg, i) => engine.judge(frameOf(`${i}`, await jpeg))),
  );
  return outcomes.map((outcome) => {
    if (outcome.verdict === 'rejected') throw new Error(outcome.message);
    return outcome;
  });
}

/** Where a watch stands that sees these frames, over and over. */
function standing(judgements: readonly Judgement[]): { drift: DriftStatus; warned: boolean } {
  const watch = new Watch({ models, alarmAfter: DEFAULT_ALARM_RULE });
  let drift: DriftStatus | undefined;
  let warned = false;
  for (let i = 0; i < WINDOW; i++) {
    drift = watch.follow(frameOf(`${i}`), judgements[i % judgements.length]).drift;
    warned ||= drift?.warning === true;
  }
  if (drift === undefined) throw new Error('too few frames');
  return { drift, warned };
}

const falseAlarms = (judgements: readonly Judgement[]) =>
  judgements.filter(({ verdict }) => verdict === 'anomalous').length / judgements.length;

test('silent on good frames, and on good frames among which one in three is defective', async (t) => {
  const good = await judged(parts.map((pixels) => seen(pixels)));
  t.false(standing(good).warned);
  const defects = await judged(
    parts.slice(0, PARTS / 3).map((_, i) => seen(damagedFrame('metal', 5, i, 'scratch', 1).pixels)),
  );
  t.true(falseAlarms(defects) > 0.9, 'they are found');
  const { warned, drift } = standing([...good.slice(PARTS / 3), ...defects]);
  t.false(warned, `${drift.value}`);
});

test('a lamp that fades: warns before the false alarms have doubled', async (t) => {
  for (let fade = 0.004; fade < 0.1; fade += 0.004) {
    const judgements = await judged(parts.map((pixels) => seen(pixels, 1 - fade)));
    const { drift } = standing(judgements);
    if (!drift.warning) continue;
    t.true(falseAlarms(judgements) < 2 * ALPHA);
    t.true(drift.value > 0);
    return;
  }
  t.fail('no warning');
});

for (const [name, change] of [
  ['a camera that was turned', (picture: Sharp) => picture.rotate(90)],
  ['a lens out of focus', (picture: Sharp) => picture.blur(1.5)],
] as const) {
  test(`${name} drifts`, async (t) => {
    const frames = parts.slice(0, 120).map(async (pixels) => {
      const picture = sharp(await seen(pixels));
      return change(picture).jpeg({ quality: 90 }).toBuffer();
    });
    const { drift } = standing(await judged(frames));
    t.true(drift.warning, `${drift.value}`);
  });
}

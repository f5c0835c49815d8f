import test from 'ava';
import type { Region } from '../../src/frame/frame.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { renderOverlay } from '../../src/localize/overlay.js';

const SIZE = { width: 64, height: 48 };
const MIDDLE = { x: 32, y: 24 };

function plain(red: number, green: number, blue: number): Pixels {
  const data = new Uint8Array(SIZE.width * SIZE.height * 3);
  for (let i = 0; i < data.length; i += 3) data.set([red, green, blue], i);
  return { ...SIZE, data };
}

/** `score` in a square of 11 px about the middle, `around` elsewhere. */
function spot(score: number, around = 0): Float32Array {
  return Float32Array.from({ length: SIZE.width * SIZE.height }, (_, i) => {
    const dx = Math.abs((i % SIZE.width) - MIDDLE.x);
    const dy = Math.abs(Math.floor(i / SIZE.width) - MIDDLE.y);
    return dx <= 5 && dy <= 5 ? score : around;
  });
}

const at = (pixels: Pixels, x: number, y: number) => [
  ...pixels.data.subarray(3 * (y * pixels.width + x), 3 * (y * pixels.width + x) + 3),
];
const lightness = ([r, g, b]: number[]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const middleOf = (score: number) =>
  at(renderOverlay(plain(120, 120, 120), spot(score), 4, [], 'ok', 2), MIDDLE.x, MIDDLE.y);

test('quiet pixels keep their colour, a little desaturated', (t) => {
  const grey = renderOverlay(plain(90, 90, 90), spot(2.9), 4, [], 'ok', 2);
  t.deepEqual(at(grey, MIDDLE.x, MIDDLE.y), [90, 90, 90]);
  const brown = at(
    renderOverlay(plain(180, 130, 70), spot(-50), 4, [], 'ok', 2),
    MIDDLE.x,
    MIDDLE.y,
  );
  // grey value 138.1; each channel 30 % nearer to it
  t.deepEqual(brown, [167, 132, 90]);
});

test('colour starts half way from the quiet level to the threshold, and darkens beyond it', (t) => {
  t.deepEqual(middleOf(3), [120, 120, 120]);
  const levels = [4, 4.3, 5.2, 7].map(middleOf);
  for (const [r, g, b] of levels) t.true(r > 120 && r - Math.min(g, b) > 60);
  const light = levels.map(lightness);
  t.true(light.every((value, i) => i === 0 || value < light[i - 1]));
  t.deepEqual(middleOf(7), middleOf(1e9));
});

test('the ramp moves with the scores, negative ones too', (t) => {
  const frame = plain(100, 110, 120);
  const scores = renderOverlay(frame, spot(6, 1), 4, [], 'anomalous', 2);
  const shifted = renderOverlay(frame, spot(-4, -9), -6, [], 'anomalous', -8);
  t.deepEqual(shifted, scores);
});

test('a threshold at the quiet level still draws: all above is loud', (t) => {
  const { data } = renderOverlay(plain(120, 120, 120), spot(2.1, 2), 2, [], 'ok', 2);
  const centre = 3 * (MIDDLE.y * SIZE.width + MIDDLE.x);
  t.deepEqual([...data.subarray(centre, centre + 3)], middleOf(1e9));
});

test('a contour runs along the threshold of an anomalous frame', (t) => {
  const anomalous = renderOverlay(plain(120, 120, 120), spot(8), 4, [], 'anomalous', 2);
  t.true(Math.min(...at(anomalous, MIDDLE.x - 5, MIDDLE.y)) > 200);
  t.true(Math.min(...at(anomalous, MIDDLE.x - 4, MIDDLE.y)) < 100);
  t.deepEqual(at(anomalous, MIDDLE.x - 6, MIDDLE.y), [120, 120, 120]);
  const ok = renderOverlay(plain(120, 120, 120), spot(8), 4, [], 'ok', 2);
  t.true(Math.min(...at(ok, MIDDLE.x - 5, MIDDLE.y)) < 100);
});

test('the verdict is told by the pattern of the border, not by its colour alone', (t) => {
  const border = (verdict: 'ok' | 'anomalous') => {
    const drawn = renderOverlay(plain(0, 0, 0), spot(0), 4, [], verdict);
    return new Set(Array.from({ length: SIZE.width }, (_, x) => at(drawn, x, 0).join()));
  };
  t.deepEqual([...border('ok')], ['0,158,115']);
  t.deepEqual([...border('anomalous')].sort(), ['213,30,40', '255,255,255']);
});

test('brackets stand around a region and do not cover it', (t) => {
  const region: Region = { x: 27, y: 19, width: 11, height: 11, areaPx: 121, peak: 8, mean: 8 };
  const frame = plain(120, 120, 120);
  const boxed = renderOverlay(frame, spot(0), 4, [region], 'ok');
  const bare = renderOverlay(frame, spot(0), 4, [], 'ok');
  t.deepEqual(at(boxed, 24, 16), [255, 255, 255]);
  t.deepEqual(at(boxed, 40, 32), [255, 255, 255]);
  t.true(at(boxed, 23, 15)[0] < 60);
  for (let y = 17; y < 32; y++) {
    for (let x = 25; x < 40; x++) t.deepEqual(at(boxed, x, y), at(bare, x, y));
  }
});

test('regions at the border and of the whole frame stay on the picture', (t) => {
  const box = { areaPx: 1, peak: 8, mean: 8 };
  const regions = [
    { x: 0, y: 0, width: 1, height: 1, ...box },
    { x: 63, y: 47, width: 1, height: 1, ...box },
    { x: 0, y: 0, width: 64, height: 48, ...box },
  ];
  for (const region of regions) {
    const drawn = renderOverlay(plain(120, 120, 120), spot(0), 4, [region], 'anomalous');
    let bracket = 0;
    for (let y = 4; y < 44; y++) {
      for (let x = 4; x < 60; x++) if (at(drawn, x, y)[0] === 255) bracket++;
    }
    t.true(bracket >= 16, `${bracket} pixels of a bracket`);
  }
});

test('leaves the frame as it is, and refuses a map of another size', (t) => {
  const frame = plain(1, 2, 3);
  renderOverlay(frame, spot(9), 4, [], 'anomalous');
  t.deepEqual(frame, plain(1, 2, 3));
  t.throws(() => renderOverlay(frame, new Float32Array(5), 4, [], 'ok'), { code: 'PL_STATE' });
});

import test from 'ava';
import type { Pixels } from '../../../src/frame/pixels.js';
import { Random } from '../../../src/random.js';
import { applyDefect, DEFECT_KINDS, type DefectKind } from '../../../src/stream/line/defect.js';
import {
  renderGood,
  renderWorn,
  SURFACE_NAMES,
  type SurfaceName,
} from '../../../src/stream/line/surface.js';

const SIDE = 256;
/** Changes below this many levels of 255 are lost in the grain and need no mask. */
const TOLERANCE = 4;
/** Pixels that a mask may reach past what has changed. */
const REACH = 3;

const parts = new Map<string, { pixels: Pixels; worn: Pixels }>();

function partOf(surface: SurfaceName, index: number) {
  const key = `${surface} ${index}`;
  const part = parts.get(key) ?? {
    pixels: renderGood(surface, 1, index),
    worn: renderWorn(surface, 1, index),
  };
  parts.set(key, part);
  return part;
}

function damage(surface: SurfaceName, kind: DefectKind, severity: number, index: number) {
  const part = partOf(surface, index);
  const before = part.pixels.data.slice();
  const damaged = applyDefect(kind, part, Random.for(9, `${surface}/${kind}`, index), severity);
  return { part, before, damaged, change: changeOf(part.pixels, damaged.pixels) };
}

/** Largest change over the channels of each pixel. */
function changeOf(a: Pixels, b: Pixels): Uint8Array {
  const change = new Uint8Array(SIDE * SIDE);
  a.data.forEach((value, i) => {
    const pixel = Math.floor(i / 3);
    change[pixel] = Math.max(change[pixel], Math.abs(value - b.data[i]));
  });
  return change;
}

function changesNear(change: Uint8Array, i: number): boolean {
  const [cx, cy] = [i % SIDE, Math.floor(i / SIDE)];
  for (let y = Math.max(0, cy - REACH); y <= Math.min(SIDE - 1, cy + REACH); y++) {
    for (let x = Math.max(0, cx - REACH); x <= Math.min(SIDE - 1, cx + REACH); x++) {
      if (change[y * SIDE + x] >= TOLERANCE) return true;
    }
  }
  return false;
}

const total = (values: Uint8Array) => values.reduce((sum, v) => sum + v, 0);

for (const surface of SURFACE_NAMES) {
  for (const kind of DEFECT_KINDS) {
    test(`${kind} on ${surface}: the mask covers what has changed and only that`, (t) => {
      for (const severity of [0, 0.5, 1]) {
        const { before, part, damaged, change } = damage(surface, kind, severity, severity * 2);
        t.deepEqual(part.pixels.data, before, 'the good part is left as it was');
        t.is(damaged.kind, kind);
        const missed = change.filter((v, i) => v >= TOLERANCE && damaged.mask[i] === 0);
        t.is(missed.length, 0);
        t.true(damaged.mask.every((v, i) => v === 0 || (v === 1 && changesNear(change, i))));
      }
    });

    test(`${kind} on ${surface}: seen by a person, and more so when severe`, (t) => {
      const changeAt = (severity: number) => {
        let sum = 0;
        for (let index = 10; index < 14; index++) {
          const { damaged, change } = damage(surface, kind, severity, index);
          const size = total(damaged.mask);
          t.true(size >= 40 && size < 0.08 * SIDE * SIDE, `${size} px at severity ${severity}`);
          t.true(change.some((levels) => levels >= 20));
          sum += total(change);
        }
        return sum;
      };
      t.true(changeAt(1) > 1.3 * changeAt(0));
    });
  }
}

test('a defect is the same each time for the same random stream', (t) => {
  for (const kind of DEFECT_KINDS) {
    t.deepEqual(damage('carton', kind, 0.5, 3).damaged, damage('carton', kind, 0.5, 3).damaged);
  }
});

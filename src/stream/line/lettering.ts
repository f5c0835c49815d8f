import type { Random } from '../../random.js';
import { rect, type Shape, stroke } from './artwork.js';

/** A plain single-stroke face: polylines of points `xy` on a grid 4 wide and 6 high, y downwards. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: '062046 1434',
  C: '4130100105163645',
  E: '40000646 0333',
  G: '41301001051636454323',
  H: '0006 4046 0343',
  I: '0006',
  L: '000636',
  N: '06004640',
  O: '103041453616050110',
  P: '06003041423303',
  R: '06003041423303 2346',
  S: '413010010213334445361605',
  T: '0040 2026',
  '0': '103041453616050110',
  '1': '011016',
  '2': '01103041420646',
  '4': '36300444',
  '7': '004016',
  '8': '103041423313020110 133344453616050413',
};
const LETTERS = Object.keys(GLYPHS).filter((glyph) => glyph >= 'A');
const GAP = 2; // between letters, in grid units

/** Letters of `height` pixels and strokes of `weight` pixels; characters without a glyph are blank. */
export function text(line: string, left: number, top: number, height: number, weight: number) {
  const unit = height / 6;
  const shapes: Shape[] = [];
  let x = left;
  for (const char of line) {
    const polylines = (GLYPHS[char] ?? '').split(' ').map(points);
    for (const corners of polylines) {
      for (let i = 1; i < corners.length; i++) {
        const [[x0, y0], [x1, y1]] = [corners[i - 1], corners[i]];
        shapes.push(stroke(x + x0 * unit, top + y0 * unit, x + x1 * unit, top + y1 * unit, weight));
      }
    }
    const width = Math.max(...polylines.flat().map(([px]) => px), char === ' ' ? 1 : 0);
    x += (width + GAP) * unit;
  }
  return shapes;
}

/** A line of small print: words of arbitrary letters that fill about `width` pixels. */
export function smallPrint(random: Random, left: number, top: number, width: number, height = 4.5) {
  const letters = Math.floor(width / (height * 0.95));
  let line = '';
  while (line.length < letters) {
    const word = Array.from({ length: random.integer(2, 8) }, () => random.pick(LETTERS)).join('');
    line += `${word} `;
  }
  return text(line.slice(0, letters), left, top, height, 0.85);
}

/** A bar code: bars and gaps of one to three modules. */
export function barcode(random: Random, left: number, top: number, width: number, height: number) {
  const shapes: Shape[] = [];
  for (let x = left; x < left + width - 3; ) {
    const bar = random.pick([1, 1, 2, 3]);
    shapes.push(rect(x, top, bar, height));
    x += bar + random.pick([1, 1, 2]);
  }
  return shapes;
}

function points(polyline: string): [x: number, y: number][] {
  return (polyline.match(/../g) ?? []).map((xy) => [Number(xy[0]), Number(xy[1])]);
}

import type { Random } from '../../random.js';
import { Artwork, type Colour, disc, rect, stroke } from './artwork.js';
import type { Reflectance } from './camera.js';
import { barcode, smallPrint, text } from './lettering.js';
import type { Surface } from './surface.js';
import { crop, noiseTexture, SIDE } from './texture.js';

const BELT: Colour = [0.17, 0.18, 0.18];
const CARD: Colour = [0.83, 0.81, 0.77];
const PETROL: Colour = [0.09, 0.33, 0.39];
const ORANGE: Colour = [0.85, 0.45, 0.14];
const BLACK: Colour = [0.13, 0.13, 0.14];

/** A printed carton on a belt, put down within ±2 px and ±0.4°. */
export function carton(random: Random): Surface {
  const bare = blank();
  const printed = print(bare, random);
  const fibres = noiseTexture(random, 1, 1);
  const clouds = noiseTexture(random, 20, 20);

  return {
    draw(frame, finish) {
      const [dx, dy] = [frame.uniform(-2, 2), frame.uniform(-2, 2)];
      const angle = (frame.uniform(-0.4, 0.4) * Math.PI) / 180;
      const [fibre, cloud] = [fibres, clouds].map((texture) => crop(texture, frame));
      const art = finish === 1 ? printed : bare;
      return placed(art.rgb, dx, dy, angle, (i) => 1 + 0.012 * fibre[i] + 0.006 * cloud[i]);
    },
  };
}

/** The carton without print: card with a bevelled edge and its shadow on the belt. */
function blank(): Artwork {
  return new Artwork(BELT)
    .paint([0.07, 0.07, 0.07], rect(17, 18, 230, 231, 4), 7) // shadow
    .paint([0.92, 0.91, 0.88], rect(12, 11, 231, 232, 3)) // edge towards the light
    .paint([0.62, 0.6, 0.56], rect(13.5, 12.5, 230.5, 231.5, 3)) // edge away from it
    .paint(CARD, rect(13.5, 12.5, 228.5, 229.5, 2), 1.5);
}

function print(card: Artwork, random: Random): Artwork {
  const white: Colour = [0.87, 0.86, 0.83];
  const lines = (left: number, top: number, width: number, count: number) =>
    Array.from({ length: count }, (_, k) =>
      smallPrint(random, left, top + 9 * k, k === count - 1 ? width * 0.6 : width),
    ).flat();
  return new Artwork(card)
    .paint(PETROL, rect(14, 13, 227.5, 58))
    .paint(ORANGE, rect(14, 71, 227.5, 5))
    .paint(white, disc(45, 42, 19))
    .paint(PETROL, disc(45, 42, 13))
    .paint(white, [disc(45, 42, 6), stroke(45, 42, 60, 27, 3.5)])
    .paint(white, text('PATCHLINE', 78, 30, 17, 3.2))
    .paint(white, smallPrint(random, 78, 55, 140))
    .paint(BLACK, text('SEAL RINGS', 30, 90, 13, 2.2))
    .paint(ORANGE, text('24', 196, 88, 17, 3.2))
    .paint(PETROL, disc(71, 157, 38))
    .paint(CARD, disc(71, 157, 26))
    .paint(CARD, ring(71, 157, 32, 8, 2.6))
    .paint(BLACK, lines(126, 118, 100, 5))
    .paint(PETROL, [rect(126, 170, 10, 10, 2), rect(126, 184, 10, 10, 2)])
    .paint(BLACK, smallPrint(random, 142, 171.5, 80, 6))
    .paint(BLACK, smallPrint(random, 142, 185.5, 80, 6))
    .paint(BLACK, barcode(random, 142, 203, 84, 26))
    .paint(BLACK, text('LOT 2047 18', 28, 212, 8, 1.3))
    .paint(BLACK, smallPrint(random, 28, 225, 90));
}

/** Bolt holes: `count` discs on a circle. */
function ring(x: number, y: number, radius: number, count: number, hole: number) {
  return Array.from({ length: count }, (_, k) => {
    const angle = (2 * Math.PI * k) / count;
    return disc(x + radius * Math.cos(angle), y + radius * Math.sin(angle), hole);
  });
}

/** The artwork shifted and turned about the middle of the frame, bilinearly; edges repeat. */
function placed(
  art: Float32Array,
  dx: number,
  dy: number,
  angle: number,
  paper: (i: number) => number,
): Reflectance {
  const out = new Float32Array(SIDE * SIDE * 3);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const middle = (SIDE - 1) / 2;
  const last = SIDE - 1.001; // keeps the right and lower neighbours inside
  for (let y = 0, i = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, i++) {
      const [rx, ry] = [x - middle - dx, y - middle - dy];
      const u = Math.min(last, Math.max(0, middle + cos * rx + sin * ry));
      const v = Math.min(last, Math.max(0, middle - sin * rx + cos * ry));
      const [u0, v0] = [Math.floor(u), Math.floor(v)];
      const [fu, fv] = [u - u0, v - v0];
      const at = 3 * (v0 * SIDE + u0);
      const light = paper(i);
      for (let c = 0; c < 3; c++) {
        const upper = art[at + c] + fu * (art[at + c + 3] - art[at + c]);
        const below = at + c + 3 * SIDE;
        const lower = art[below] + fu * (art[below + 3] - art[below]);
        out[3 * i + c] = (upper + fv * (lower - upper)) * light;
      }
    }
  }
  return out;
}

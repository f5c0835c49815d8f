import type { Random } from '../../random.js';
import type { Surface } from './surface.js';
import { crop, noiseTexture, SIDE } from './texture.js';

/** Pixels from thread to thread. */
const PITCH = 6.4;
const WARP = [0.26, 0.33, 0.46] as const; // indigo, runs along y
const WEFT = [0.57, 0.58, 0.57] as const; // undyed, runs along x

/** Denim: a twill, warp over two weft threads and under one, a step further in each column. */
export function fabric(random: Random): Surface {
  const drift = noiseTexture(random, 28, 28); // threads do not run quite straight
  const warpThreads = noiseTexture(random, 1, 30); // thickness and dye along a thread
  const weftThreads = noiseTexture(random, 30, 1);
  const fibres = noiseTexture(random, 1, 1);

  return {
    draw(frame, finish) {
      const [dx, dy, warp, weft, fibre] = [drift, drift, warpThreads, weftThreads, fibres].map(
        (texture) => crop(texture, frame),
      );
      const [u0, v0] = [frame.uniform(3, 6) * PITCH, frame.uniform(3, 6) * PITCH];
      const relief = finish === 1 ? 1 : 0.4; // worn cloth is flat and pale
      const fade = finish === 1 ? 0 : 0.5;
      const out = new Float32Array(SIDE * SIDE * 3);
      for (let y = 0, i = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++, i++) {
          const u = (x + u0 + 1.2 * dx[i]) / PITCH;
          const v = (y + v0 + 1.2 * dy[i]) / PITCH;
          const column = Math.floor(u);
          const row = Math.floor(v);
          const phase = (row + column) % 3;
          const weftOnTop = phase === 0;
          // Where on the visible piece of thread, −1..1: from edge to edge, and from dive to dive.
          const across = 2 * (weftOnTop ? v - row : u - column) - 1;
          const along = weftOnTop ? 2 * (u - column) - 1 : phase - 2 + (v - row);
          const [a2, l2] = [across * across, along * along];
          const depth = 0.26 * a2 + 0.14 * l2 + 0.4 * a2 * a2 * l2 + 0.1 * across;
          const dye = 0.1 * (weftOnTop ? weft[i] : warp[i]) + 0.085 * fibre[i];
          const shade = (1.05 - relief * depth) * (1 + relief * dye);
          for (let c = 0; c < 3; c++) {
            const thread = weftOnTop ? WEFT[c] : WARP[c] + fade * (WEFT[c] - WARP[c]);
            out[3 * i + c] = thread * shade;
          }
        }
      }
      return out;
    },
  };
}

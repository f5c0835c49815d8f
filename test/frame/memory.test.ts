import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { decodeForModel, decodeImage } from '../../src/frame/decode.js';
import { sharp } from '../../src/frame/sharp-setup.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const SIDE = 1024;
const FRAMES = 200;

/** sharp 0.35.5 never frees what its `toUint8Array` returns: of 256 × 256 px at 3 frames a second 2 GB an hour. */
for (const [name, input] of [
  ['as it is', { width: SIDE, height: SIDE }],
  ['resized', { width: SIDE / 2, height: SIDE / 2 }],
] as const) {
  test.serial(`a decoded frame is freed: ${name}`, async (t) => {
    const create = { width: SIDE, height: SIDE, channels: 3, background: 'teal' } as const;
    const jpeg = await sharp({ create }).jpeg().toBuffer();
    await decodeImage(jpeg, { kind: 'encoded' });
    collectGarbage();
    const before = process.memoryUsage.rss();
    for (let n = 0; n < FRAMES; n++) {
      await decodeForModel(jpeg, { kind: 'encoded' }, input);
      if (n % 10 === 0) collectGarbage();
    }
    await turn();
    collectGarbage();
    const grown = process.memoryUsage.rss() - before;
    const decoded = FRAMES * input.width * input.height * 3;
    t.true(grown < decoded / 2, `${grown} of ${decoded} bytes`);
  });
}

import test from 'ava';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  jitter,
} from '../../src/cutpaste/jitter.js';
import { PAPER_JITTER } from '../../src/cutpaste/options.js';
import { Random } from '../../src/random.js';
import { greyNoise, NO_JITTER, noise } from './images.js';

// Reference: torchvision's formulas in numpy, hue by Python's colorsys:
//   grey = lambda x: x @ np.array([.299, .587, .114])
//   blend = lambda a, b, f: np.clip(f * a + (1 - f) * b, 0, 1)
//   brightness = blend(x, 0, f); contrast = blend(x, grey(x).mean(), f)
//   saturation = blend(x, grey(x)[:, None], f)
//   hue: h, s, v = colorsys.rgb_to_hsv(*p); colorsys.hsv_to_rgb((h + f) % 1.0, s, v)
const INPUT = [
  [0.9, 0.2, 0.1],
  [0.05, 0.6, 0.95],
  [0.4, 0.4, 0.4],
  [0.7, 0.65, 0.1],
  [0.2, 0.1, 0.8],
  [1, 0, 0.5],
].flat();

type Adjust = (rgb: Float32Array, amount: number) => void;

const REFERENCE: readonly [name: string, adjust: Adjust, amount: number, expected: number[]][] = [
  [
    'brightness',
    adjustBrightness,
    1.1,
    [
      0.99, 0.22, 0.11, 0.055, 0.66, 1, 0.44, 0.44, 0.44, 0.77, 0.715, 0.11, 0.22, 0.11, 0.88, 1, 0,
      0.55,
    ],
  ],
  [
    'contrast',
    adjustContrast,
    0.9,
    [
      0.8506883, 0.2206883, 0.1306883, 0.0856883, 0.5806883, 0.8956883, 0.4006883, 0.4006883,
      0.4006883, 0.6706883, 0.6256883, 0.1306883, 0.2206883, 0.1306883, 0.7606883, 0.9406883,
      0.0406883, 0.4906883,
    ],
  ],
  [
    'contrast',
    adjustContrast,
    1.1,
    [
      0.9493117, 0.1793117, 0.0693117, 0.0143117, 0.6193117, 1, 0.3993117, 0.3993117, 0.3993117,
      0.7293117, 0.6743117, 0.0693117, 0.1793117, 0.0693117, 0.8393117, 1, 0, 0.5093117,
    ],
  ],
  [
    'saturation',
    adjustSaturation,
    0.9,
    [
      0.84979, 0.21979, 0.12979, 0.092545, 0.587545, 0.902545, 0.4, 0.4, 0.4, 0.690225, 0.645225,
      0.150225, 0.20097, 0.11097, 0.74097, 0.9356, 0.0356, 0.4856,
    ],
  ],
  [
    'saturation',
    adjustSaturation,
    1.1,
    [
      0.95021, 0.18021, 0.07021, 0.007455, 0.612455, 0.997455, 0.4, 0.4, 0.4, 0.709775, 0.654775,
      0.049775, 0.19903, 0.08903, 0.85903, 1, 0, 0.5144,
    ],
  ],
  [
    'hue',
    adjustHue,
    0.1,
    [0.9, 0.68, 0.1, 0.05, 0.06, 0.95, 0.4, 0.4, 0.4, 0.39, 0.7, 0.1, 0.62, 0.1, 0.8, 1, 0.1, 0],
  ],
  [
    'hue',
    adjustHue,
    -0.1,
    [0.9, 0.1, 0.48, 0.05, 0.95, 0.76, 0.4, 0.4, 0.4, 0.7, 0.29, 0.1, 0.1, 0.42, 0.8, 0.9, 0, 1],
  ],
];

for (const [name, adjust, amount, expected] of REFERENCE) {
  test(`${name} by ${amount} agrees with torchvision's formula`, (t) => {
    const rgb = Float32Array.from(INPUT);
    adjust(rgb, amount);
    closeTo(t.true, rgb, expected);
  });
}

test('adjustments follow each other as in the reference', (t) => {
  const rgb = Float32Array.from(INPUT);
  adjustBrightness(rgb, 1.05);
  adjustHue(rgb, 0.04);
  adjustContrast(rgb, 0.93);
  adjustSaturation(rgb, 1.08);
  closeTo(
    t.true,
    rgb,
    [
      0.9391399, 0.403393, 0.0954439, 0.0553641, 0.4076072, 1, 0.4204703, 0.4204703, 0.4204703,
      0.6218251, 0.7209594, 0.0881874, 0.3976646, 0.1150264, 0.8532604, 1, 0.0052075, 0.2914615,
    ],
  );
});

test('grey stays grey, and saturation and hue do not move it', (t) => {
  const random = new Random(1);
  const grey = floats(greyNoise(16, 16, 1).data);
  for (let i = 0; i < 100; i++) {
    const rgb = grey.slice();
    jitter(rgb, PAPER_JITTER, random);
    if (rgb.some((v, at) => v !== rgb[at - (at % 3)])) t.fail();
    const coloured = grey.slice();
    jitter(coloured, { ...NO_JITTER, saturation: 0.5, hue: 0.5 }, random);
    closeTo(t.true, coloured, [...grey]);
  }
});

test('jitter keeps to 0…1 and without strengths changes nothing', (t) => {
  const random = new Random(2);
  const colours = floats(noise(16, 16, 2).data);
  for (let i = 0; i < 100; i++) {
    const rgb = colours.slice();
    jitter(rgb, { brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.5 }, random);
    if (!rgb.every((v) => v >= 0 && v <= 1)) t.fail();
  }
  const still = colours.slice();
  jitter(still, NO_JITTER, random);
  t.deepEqual(still, colours);
});

test('brightness factors fill [0.9, 1.1] evenly', (t) => {
  const random = new Random(3);
  const factors = Array.from({ length: 4000 }, () => {
    const rgb = Float32Array.of(0.5, 0.5, 0.5);
    jitter(rgb, { ...NO_JITTER, brightness: 0.1 }, random);
    return rgb[0] * 2;
  });
  t.true(Math.min(...factors) >= 0.9 && Math.min(...factors) < 0.901);
  t.true(Math.max(...factors) <= 1.1 && Math.max(...factors) > 1.099);
  t.true(Math.abs(factors.reduce((a, b) => a + b) / factors.length - 1) < 0.003);
});

test('the order of the adjustments is random', (t) => {
  class LargestFactors extends Random {
    override uniform(low = 0, high = 1): number {
      const drawn = super.uniform(low, high);
      return low < 0 ? high : drawn;
    }
  }
  const results = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const rgb = Float32Array.of(1, 1, 1, 0.2, 0.2, 0.2);
    jitter(rgb, { ...NO_JITTER, brightness: 0.3, contrast: 0.3 }, new LargestFactors(seed));
    results.add(rgb[3].toFixed(4));
  }
  // brightness first: mean (1 + 0.26) / 2; contrast first: mean 0.6; black pixel of each by hand
  t.deepEqual(results, new Set(['0.1490', '0.1040']));
});

function floats(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (v) => v / 255);
}

function closeTo(isTrue: (ok: boolean) => void, actual: Float32Array, expected: number[]): void {
  isTrue(
    actual.length === expected.length && actual.every((v, i) => Math.abs(v - expected[i]) < 1e-6),
  );
}

import test from 'ava';
import fc from 'fast-check';
import { PatchlineError } from '../../src/errors.js';
import { latticeOf } from '../../src/localize/grid.js';
import { paperSigma, Upsampler } from '../../src/localize/upsample.js';
import { Random } from '../../src/random.js';

const SQUARE = { width: 256, height: 256 };
const CORRECTED = { borderCorrection: true };
const PAPER = { borderCorrection: false };

function near(actual: number, expected: number, tolerance = 1e-6): boolean {
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}

test('the deviation follows the rule of FCDD', (t) => {
  t.is(paperSigma(64), 10);
  t.is(paperSigma(32), 10);
  t.true(near(paperSigma(8), Math.log10(4.6) + 0.25));
});

// NumPy: U = exp(−d²/2σ²) for |d| ≤ 4σ, rows divided by their sums; Uy @ M @ Ux.T
test('with border correction: the values of NumPy', (t) => {
  const size = { width: 20, height: 16 };
  const scores = Float32Array.of(1, -2, 0.5, 4, 3, 0.25, -1, 0, 0, 1, 2, -3); // [3, 4]
  const map = new Upsampler(latticeOf(size, 8), size, 2, CORRECTED).upsample(scores);
  for (const [y, x, value] of [
    [0, 0, 0.995934],
    [3, 4, 0.60773425],
    [8, 9, 0.04138152],
    [15, 19, -2.96753829],
    [5, 0, 1.73599124],
    [15, 7, 0.89091795],
  ]) {
    t.true(near(map[y * 20 + x], value), `(${y}, ${x}): ${map[y * 20 + x]} for ${value}`);
  }
});

// SciPy: g = gaussian(63, 10); k = insert(g, 31, g[31]) / 2; zeros between the scores, then
// convolve2d(zeros, outer(k, k)): the transposed convolution of FCDD's gkern(64).
test('without: the transposed convolution of FCDD', (t) => {
  const size = { width: 72, height: 68 };
  const scores = Float32Array.of(1, -2, 0.5, 3, 0.25, -1); // [2, 3]
  const map = new Upsampler(latticeOf(size, 64), size, 10, PAPER).upsample(scores);
  for (const [y, x, value] of [
    [0, 0, 1.676e-5],
    [31, 31, 0.45722669],
    [32, 40, 0.18178326],
    [35, 36, 0.37270477],
    [67, 71, -1.676e-5],
    [10, 60, -0.00136106],
  ]) {
    t.true(near(map[y * 72 + x], value, 1e-8), `(${y}, ${x}): ${map[y * 72 + x]} for ${value}`);
  }
});

// The same SciPy kernel over a constant grid of 1 on 256 × 256 (also in the project's paper notes).
test('the border bias of the paper, for kernels of 64 and 32 px', (t) => {
  const cases = [
    { kernel: 64, centre: 10.577406, edge: 0.013316, inside: [0.091388, 0.295672, 0.596382] },
    { kernel: 32, centre: 8.252539, edge: 0.466318, inside: [0.628224, 0.91528, 1] },
  ];
  for (const { kernel, centre, edge, inside } of cases) {
    const lattice = latticeOf(SQUARE, kernel);
    const ones = new Float32Array(lattice.rows * lattice.cols).fill(1);
    const map = new Upsampler(lattice, SQUARE, 10, { ...PAPER, kernel }).upsample(ones);
    const middle = (y: number) => map[y * 256 + 128];
    t.true(near(middle(128), centre), `centre ${middle(128)}`);
    t.true(near(middle(0), edge), `edge ${middle(0)}`);
    for (const [i, share] of inside.entries()) {
      t.true(near(middle([16, 24, 32][i]) / centre, share));
    }
  }
});

test('with border correction a constant grid gives a constant map, for any geometry', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 64, max: 120 }),
      fc.integer({ min: 64, max: 120 }),
      fc.constantFrom(3, 8, 16, 64),
      fc.double({ min: 0.1, max: 20, noNaN: true }),
      fc.double({ min: -50, max: 50, noNaN: true }),
      (width, height, receptiveField, sigma, value) => {
        const size = { width, height };
        const lattice = latticeOf(size, receptiveField);
        const grid = new Float32Array(lattice.rows * lattice.cols).fill(value);
        const map = new Upsampler(lattice, size, sigma, CORRECTED).upsample(grid);
        t.is(map.length, width * height);
        t.true(map.every((score) => near(score, grid[0])));
      },
    ),
    { seed: 2, numRuns: 40 },
  );
});

test('a sharp Gaussian gives every pixel its nearest cell', (t) => {
  const size = { width: 14, height: 12 };
  const lattice = latticeOf(size, 8); // [2, 2], centres 3.5 and 7.5
  const map = new Upsampler(lattice, size, 0.05, CORRECTED).upsample(Float32Array.of(1, 2, 3, 4));
  for (const [i, score] of map.entries()) {
    const right = i % 14 >= 6 ? 1 : 0;
    const below = Math.floor(i / 14) >= 6 ? 2 : 0;
    t.is(score, 1 + right + below);
  }
});

test('is linear, and stays between the lowest and the highest score', (t) => {
  const size = { width: 97, height: 70 };
  const lattice = latticeOf(size, 16);
  const random = new Random(3);
  const grid = () =>
    Float32Array.from({ length: lattice.rows * lattice.cols }, () => random.normal());
  const [a, b] = [grid(), grid()];
  const upsampler = new Upsampler(lattice, size, 4, CORRECTED);
  const sum = upsampler.upsample(a.map((value, i) => value + 2 * b[i]));
  const [mapA, mapB] = [upsampler.upsample(a), upsampler.upsample(b)];
  t.true(sum.every((value, i) => near(value, mapA[i] + 2 * mapB[i], 1e-5)));
  t.true(mapA.every((value) => value >= Math.min(...a) && value <= Math.max(...a)));
});

test('keeps nothing of the frame before, and writes where it is told', (t) => {
  const size = { width: 80, height: 80 };
  const lattice = latticeOf(size, 64);
  const upsampler = new Upsampler(lattice, size, 10, PAPER);
  const scores = Float32Array.from({ length: 25 }, (_, i) => i);
  const fresh = upsampler.upsample(scores);
  const out = new Float32Array(6400).fill(7);
  upsampler.upsample(new Float32Array(25).fill(1e6), out);
  t.is(upsampler.upsample(scores, out), out);
  t.deepEqual(out, fresh);
});

test('refuses a grid of another size and a Gaussian without width', (t) => {
  const lattice = latticeOf(SQUARE, 64);
  const upsampler = new Upsampler(lattice, SQUARE, 10, CORRECTED);
  const error = t.throws(() => upsampler.upsample(new Float32Array(5)), {
    instanceOf: PatchlineError,
  });
  t.is(error.code, 'PL_STATE');
  for (const sigma of [0, -1, Number.NaN]) {
    t.throws(() => new Upsampler(lattice, SQUARE, sigma, CORRECTED), { code: 'PL_USAGE' });
  }
});

import test from 'ava';
import { quantiles } from '../../src/localize/calibrate.js';
import { Random } from '../../src/random.js';
import { CalibratedRank } from '../../src/watch/calibrated-rank.js';
import { Drift, type DriftStatus, driftLimit } from '../../src/watch/drift.js';

/** As `learn/calibrate.ts` stores them. */
const STORED = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

/** Quantiles of 0 … 100, evenly: the rank of a score is a hundredth of it. */
const EVEN = {
  quantiles: STORED.map((p) => ({ p, score: 100 * p })),
  threshold: 80,
  n: 1000,
};

function rankOf(calibration: Parameters<typeof CalibratedRank.of>[0]): CalibratedRank {
  const rank = CalibratedRank.of(calibration);
  if (rank === undefined) throw new Error('no distribution');
  return rank;
}

/** Follows the scores `times` over; where it stands at the end. */
function after(drift: Drift, scores: readonly number[], times = 1): DriftStatus {
  let status: DriftStatus | undefined;
  for (let i = 0; i < times; i++) for (const score of scores) status = drift.follow(score);
  if (status === undefined) throw new Error('too few frames');
  return status;
}

test('a rank is the share of good frames below, of those that the threshold calls ok', (t) => {
  const rank = rankOf(EVEN);
  t.is(rank.of(-5), 0);
  t.is(rank.of(0), 0);
  t.true(Math.abs(rank.of(20) - 0.25) < 1e-12);
  t.true(Math.abs(rank.of(60) - 0.75) < 1e-12);
  t.is(rank.of(80), 1);
});

test('a calibration without a distribution below its threshold has no ranks', (t) => {
  t.is(CalibratedRank.of({ ...EVEN, quantiles: [] }), undefined);
  t.is(CalibratedRank.of({ ...EVEN, quantiles: [{ p: 0.5, score: 1 }] }), undefined);
  t.is(CalibratedRank.of({ ...EVEN, threshold: -1 }), undefined);
});

test('the value is the share of pairs that are higher less those that are lower', (t) => {
  const even = Array.from({ length: 80 }, (_, i) => i + 0.5); // ranks 1/160, 3/160 …
  t.true(Math.abs(after(new Drift(rankOf(EVEN)), even, 30).value) < 1e-4);
  t.true(Math.abs(after(new Drift(rankOf(EVEN)), [60], 300).value - 0.5) < 1e-4, '¾ − ¼');
  t.true(Math.abs(after(new Drift(rankOf(EVEN)), [20], 300).value + 0.5) < 1e-4);
  t.true(Math.abs(after(new Drift(rankOf(EVEN)), [-9], 300).value + 1) < 1e-9);
});

test('defects are left out, however many up to half of the frames', (t) => {
  const even = Array.from({ length: 80 }, (_, i) => i + 0.5);
  const batch = new Drift(rankOf(EVEN));
  after(batch, even, 20);
  const { value, warning } = after(batch, Array(900).fill(5000));
  t.true(Math.abs(value) < 0.02 && !warning, `${value}`);
});

test('where nearly all frames are anomalous, it is not the parts', (t) => {
  const { value, warning } = after(new Drift(rankOf(EVEN)), [81], 2000);
  t.is(value, 1);
  t.true(warning);
});

test('the limit is that of chance: 4 deviations of the window, 2.58 of the calibration', (t) => {
  // The variance of the mean of n ranks (Mann & Whitney 1947): 1/(12 n); by hand.
  t.true(Math.abs(driftLimit(2000, 200) - 0.1569678) < 1e-6, `${driftLimit(2000, 200)}`);
  t.true(Math.abs(driftLimit(100, 19) - 0.5726692) < 1e-6, `${driftLimit(100, 19)}`);
});

test('a warning begins beyond the limit and ends below half of it, once each', (t) => {
  const drift = new Drift(rankOf(EVEN));
  const changes: [boolean, number][] = [];
  // The typical score goes up from rank ½ to ¾ and back, a little with each frame.
  for (const wave of [...Array(14_000).keys()]) {
    const up = 20 * Math.max(0, Math.sin((Math.PI * wave) / 12_000));
    const status = drift.follow(40 + up);
    if (status?.changed) changes.push([status.warning, Math.abs(status.value) / status.limit]);
  }
  t.deepEqual(
    changes.map(([warning]) => warning),
    [true, false],
  );
  t.true(changes[0][1] > 1 && changes[0][1] < 1.01);
  t.true(changes[1][1] <= 0.5 && changes[1][1] > 0.49);
});

test('the window forgets: after 2,000 good frames nothing is left of a drift', (t) => {
  const drift = new Drift(rankOf(EVEN));
  after(drift, [79], 5000);
  t.true(Math.abs(after(drift, [40], 2000).value) < 1e-4);
});

test('a long run leaves no rounding behind', (t) => {
  const random = new Random(2);
  const drift = new Drift(rankOf(EVEN));
  for (let i = 0; i < 300_000; i++) drift.follow(random.uniform(0, 100));
  t.true(Math.abs(after(drift, [40], 2000).value) < 1e-4);
});

const DISTRIBUTIONS = {
  normal: (random: Random) => random.normal(),
  'right-skewed (Gumbel)': (random: Random) => -Math.log(-Math.log(random.uniform(1e-12, 1))),
  exponential: (random: Random) => -Math.log(random.uniform(1e-12, 1)),
};

/** A model of n held-out good frames, its threshold at α = 5 %. */
function calibrated(draw: (random: Random) => number, random: Random, n: number) {
  const scores = Array.from({ length: n }, () => draw(random)).sort((a, b) => a - b);
  const threshold = scores[Math.ceil((n + 1) * 0.95) - 1];
  const stored = quantiles(scores, STORED).map((score, i) => ({ p: STORED[i], score }));
  return rankOf({ quantiles: stored, threshold, n });
}

for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
  test(`silent on good frames: ${name} scores, 300 models of 100 images, 10,000 frames each`, (t) => {
    const random = new Random(7);
    let warned = 0;
    for (let model = 0; model < 300; model++) {
      const drift = new Drift(calibrated(draw, random, 100));
      let warning = false;
      for (let i = 0; i < 10_000; i++) warning ||= drift.follow(draw(random))?.warning === true;
      if (warning) warned++;
    }
    // One model in a hundred by the calibration's own chance; of 300, more than 9 is 1 in 1,000.
    t.true(warned <= 9, `${warned} of 300`);
  });
}

// Shifts that double the false alarms, from the quantiles of the distributions themselves.
for (const [name, shift, n] of [
  ['normal', 1.644854 - 1.281552, 400], // Φ⁻¹(0.95) − Φ⁻¹(0.9)
  ['right-skewed (Gumbel)', 2.970195 - 2.250367, 50],
  ['exponential', Math.LN2, 20],
] as const) {
  test(`warns before false alarms double: ${name} scores, ${n} images`, (t) => {
    const draw = DISTRIBUTIONS[name];
    const random = new Random(8);
    let warned = 0;
    for (let model = 0; model < 100; model++) {
      const drift = new Drift(calibrated(draw, random, n));
      const scores = Array.from({ length: 2000 }, () => draw(random) + shift);
      if (after(drift, scores).warning) warned++;
    }
    t.true(warned >= 50, `${warned} of 100`); // the typical model
  });
}

/** Trains one network and measures every condition that it serves. */
import { join } from 'node:path';
import type { Backend } from '../backend/backend.js';
import { initialNetwork } from '../cutpaste/network.js';
import type { Pixels } from '../frame/pixels.js';
import { fitDetector } from '../learn/detector.js';
import { type GoodImage, normalisationOf } from '../learn/images.js';
import { foldOnImages, type TrainedNetwork, trainNetwork } from '../learn/network.js';
import type { LearnOptions, Readout } from '../learn/options.js';
import { digestOf, PartialRun } from '../learn/partial.js';
import { type Split, splitImages } from '../learn/split.js';
import { frameScore } from '../localize/frame-score.js';
import { Random } from '../random.js';
import { PATCHLINE_VERSION } from '../version.js';
import { type Condition, DEFAULTS, type Training } from './conditions.js';
import { disturb, disturbMask } from './disturb.js';
import { figuresOf, round } from './figures.js';
import { groupBy } from './group.js';
import { mapsOf, Reader, type Scores } from './reading.js';
import { changeOf, type Result } from './result.js';
import { readSurface, type Surface, type TestFrame } from './surface.js';

/** One training and what is measured with it. */
export interface Job {
  /** Of the dataset. */
  readonly path: string;
  readonly category: string;
  readonly seed: number;
  readonly training: Training;
  readonly conditions: readonly Condition[];
  /** Where trained networks are kept: a job that is repeated goes on from there. */
  readonly work: string;
}

/** A result but for the run that it belongs to. */
export type Measured = Omit<Result, 'run' | 'cpuSeconds'>;

/** The images of a job, and the network that was trained on them. */
interface Learned {
  readonly surface: Surface;
  readonly split: Split<GoodImage>;
  readonly trained: TrainedNetwork;
}

export async function* measure(job: Job, judging: Backend): AsyncGenerator<Measured> {
  const { seed } = job;
  const surface = await readSurface(job.path, job.training, seed);
  const split = splitImages(surface.good, seed);
  const normalisation = normalisationOf(split.fit);
  const trained = await trainNetwork(split.fit, {
    learn: learnOptions(job),
    heldOut: split.standardise,
    normalisation,
    onProgress: () => {},
    checkpoints: await checkpointsOf(job, split.fit),
  });
  const { layers } = DEFAULTS;
  const unlearned = trained.heldOut?.learned === false; // then users get the untrained network
  const chosen = unlearned ? initialNetwork(layers, seed) : trained.network;
  const network = foldOnImages(chosen, split.fit, normalisation, seed);
  for (const conditions of byFit(job.conditions)) {
    const readout = widest(conditions);
    const options = { readout, seed, onImage: () => {} };
    const detector = await fitDetector(network, split.fit, split.standardise, options);
    const reader = await Reader.open(detector, readout, judging);
    try {
      yield* measureAll(conditions, reader, { surface, split, trained }, job);
    } finally {
      reader.dispose();
    }
  }
}

async function* measureAll(
  conditions: readonly Condition[],
  reader: Reader,
  { surface, split, trained }: Learned,
  { category, seed }: Job,
): AsyncGenerator<Measured> {
  const { input, test } = surface;
  const { loss, accuracy } = trained;
  const proxy =
    loss === undefined || accuracy === undefined
      ? {}
      : { proxy: { loss: round(loss), accuracy: round(accuracy) } };
  const heldOut = await reader.score(pixelsOf(split.calibrate));
  const undisturbed = await reader.score(pixelsOf(test));
  for (const condition of conditions) {
    const { disturbance, stride } = condition;
    const readout = readoutOf(condition);
    const shown = disturbance === undefined ? test : await disturbed(test, condition, seed);
    const scores = shown === test ? undisturbed : await reader.score(pixelsOf(shown));
    const maps = (of: Scores) => mapsOf(of, readout, input, stride);
    const scoreOf = (map: Float32Array) => frameScore(map, readout.topShare);
    const frames = maps(scores).map((map, i) => {
      const { kind, good } = shown[i];
      return { kind, good, map, score: scoreOf(map) };
    });
    const masks = shown.map(({ mask }) => mask);
    const figures = figuresOf(frames, masks, maps(heldOut).map(scoreOf), input);
    const change = changeOf(condition);
    yield { category, seed, condition: condition.name, change, ...proxy, ...figures };
  }
}

function learnOptions({ training, seed }: Job): LearnOptions {
  const { images: _, hidden: __, ...learn } = training;
  return { ...DEFAULTS, ...learn, seed };
}

function readoutOf({ readout }: Condition): Readout {
  return { ...DEFAULTS.readout, ...readout };
}

/** Conditions that share their densities, in their order. */
function byFit(conditions: readonly Condition[]): Condition[][] {
  return groupBy(conditions, (condition) => {
    const { density, tolerance } = readoutOf(condition);
    return JSON.stringify({ density, tolerance });
  });
}

/** The default with all views that some conditions of one fit read. */
function widest(conditions: readonly Condition[]): Readout {
  const { density, tolerance } = readoutOf(conditions[0]);
  const views = [...new Set(conditions.flatMap((condition) => readoutOf(condition).views))];
  return { ...DEFAULTS.readout, density, tolerance, views };
}

async function disturbed(
  test: readonly TestFrame[],
  { disturbance }: Condition,
  seed: number,
): Promise<TestFrame[]> {
  if (disturbance === undefined) return [...test];
  return Promise.all(
    test.map(async ({ pixels, mask, ...frame }, i) => ({
      ...frame,
      pixels: await disturb(pixels, disturbance, Random.for(seed, 'disturbance', i)),
      mask: mask && disturbMask(mask, pixels, disturbance),
    })),
  );
}

function pixelsOf(images: readonly { readonly pixels: Pixels }[]): Pixels[] {
  return images.map(({ pixels }) => pixels);
}

/** Goes on where the same training was stopped, or has ended; a training of other things is lost. */
async function checkpointsOf(
  { category, seed, training, work }: Job,
  images: readonly GoodImage[],
): Promise<PartialRun> {
  const name = [category, seed, ...Object.entries(training).flat()].join('-');
  const { readout: _, alpha: __, ...defaults } = DEFAULTS; // a network does not depend on these
  const record = {
    patchline: PATCHLINE_VERSION,
    defaults: JSON.stringify(defaults),
    training: JSON.stringify(training),
    seed,
    images: digestOf(images),
  };
  const dir = join(work, name);
  return PartialRun.resume(dir, record).catch(() => PartialRun.begin(dir, record));
}

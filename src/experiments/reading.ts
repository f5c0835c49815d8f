/** From a fitted detector to maps, in all the ways that need no new fit. */
import type { Backend } from '../backend/backend.js';
import {
  addViews,
  commonLattice,
  Detector,
  parseView,
  scoringRequest,
} from '../detect/detector.js';
import { prepareFrame } from '../detect/prepare.js';
import type { ScoreGrid } from '../frame/frame.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { detectorSpec, type LearnedDetector } from '../learn/detector.js';
import type { Readout } from '../learn/options.js';
import { latticeOf } from '../localize/grid.js';
import { Upsampler } from '../localize/upsample.js';

/** Standardised scores of one frame, by the name of their view. */
type ViewScores = ReadonlyMap<string, ScoreGrid>;

/** What all views say of some frames: a readout is a function of it. */
export type Scores = readonly ViewScores[];

export class Reader {
  readonly #detector: Detector;
  readonly #names: readonly string[];

  private constructor(detector: Detector, names: readonly string[]) {
    this.#detector = detector;
    this.#names = names;
  }

  static async open(learned: LearnedDetector, readout: Readout, backend: Backend): Promise<Reader> {
    const { network, densities } = learned;
    const requests = readout.views.map((name, v) => scoringRequest(network, name, densities[v]));
    const encoder = await backend.encoder(network, requests);
    const spec = detectorSpec(learned, readout, { network: '', density: '' });
    return new Reader(new Detector(encoder, spec, densities), readout.views);
  }

  async score(frames: Iterable<Pixels>): Promise<Scores> {
    const wantsStatistics = this.#names.some((name) => parseView(name).statistics);
    const scores: ViewScores[] = [];
    for (const pixels of frames) {
      const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, wantsStatistics);
      const views = this.#detector.scoresOf(await this.#detector.encoder.encode(input));
      scores.push(new Map(this.#names.map((name, v) => [name, views[v]])));
    }
    return scores;
  }

  dispose(): void {
    this.#detector.dispose();
  }
}

/** One map a frame, [size.height, size.width]. */
export function mapsOf(scores: Scores, readout: Readout, size: Size, stride = 4): Float32Array[] {
  const views = readout.views.map(parseView);
  const all = commonLattice(size, views);
  const shallowest = Math.min(...views.map((view) => view.receptiveField));
  const kept = latticeOf(size, shallowest, stride);
  const upsampler = new Upsampler(kept, size, readout.sigma, readout);
  return scores.map((frame) => {
    const chosen = readout.views.map((name) => frame.get(name) as ScoreGrid);
    return upsampler.upsample(thinned(addViews(chosen, all, readout.centred), stride));
  });
}

/** The scores that a grid of a larger stride has in common with this one. */
export function thinned({ scores, cols, stride: own }: ScoreGrid, stride: number): Float32Array {
  const every = stride / own;
  return scores.filter((_, i) => (i % cols) % every === 0 && Math.floor(i / cols) % every === 0);
}

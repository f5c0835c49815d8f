/** From a fitted detector to maps, in all the ways that need no new fit. */
import type { Backend } from '../backend/backend.js';
import type { Encoder } from '../backend/encoder.js';
import type { Density } from '../density/density.js';
import { commonLattice, parseView, readsStatistics, scoringRequest } from '../detect/detector.js';
import { addViews, standardisedScores } from '../detect/localizer.js';
import { prepareFrame } from '../detect/prepare.js';
import type { ScoreGrid } from '../frame/frame.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { detectorSpec, type LearnedDetector } from '../learn/detector.js';
import type { Readout } from '../learn/options.js';
import { latticeOf } from '../localize/grid.js';
import { Upsampler } from '../localize/upsample.js';
import type { ViewSpec } from '../model/manifest.js';

/** Standardised scores of one frame, by the name of their view. */
type ViewScores = ReadonlyMap<string, ScoreGrid>;

/** What all views say of some frames: a readout is a function of it. */
export type Scores = readonly ViewScores[];

export class Reader {
  readonly #encoder: Encoder;
  readonly #views: readonly ViewSpec[];
  readonly #densities: readonly Density[];

  private constructor(encoder: Encoder, views: readonly ViewSpec[], densities: readonly Density[]) {
    this.#encoder = encoder;
    this.#views = views;
    this.#densities = densities;
  }

  static async open(learned: LearnedDetector, readout: Readout, backend: Backend): Promise<Reader> {
    const { network, densities } = learned;
    const requests = readout.views.map((name, v) => scoringRequest(network, name, densities[v]));
    const encoder = await backend.encoder(network, requests);
    const { views } = detectorSpec(learned, readout, { network: '', density: '' });
    return new Reader(encoder, views, densities);
  }

  async score(frames: Iterable<Pixels>): Promise<Scores> {
    const wantsStatistics = readsStatistics(this.#views);
    const scores: ViewScores[] = [];
    for (const pixels of frames) {
      const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, wantsStatistics);
      const [outputs] = await this.#encoder.encode([input]);
      const grids = standardisedScores(this.#views, this.#densities, outputs);
      scores.push(new Map(this.#views.map(({ name }, v) => [name, grids[v]])));
    }
    return scores;
  }

  dispose(): void {
    this.#encoder.dispose();
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

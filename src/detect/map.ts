import type { ScoreGrid } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { Upsampler } from '../localize/upsample.js';
import type { DetectorSpec } from '../model/manifest.js';
import { commonLattice } from './detector.js';

/** Upsamples a detector's score grids to anomaly maps of the model's input size. */
export class MapMaker {
  readonly #upsampler: Upsampler;

  constructor(spec: Pick<DetectorSpec, 'views' | 'map'>, input: Size) {
    const { sigma, borderCorrection } = spec.map;
    this.#upsampler = new Upsampler(commonLattice(input, spec.views), input, sigma, {
      borderCorrection,
    });
  }

  /** @param out overwritten and returned; a new array by default. → [height, width] */
  map(grid: ScoreGrid, out?: Float32Array): Float32Array {
    return this.#upsampler.upsample(grid.scores, out);
  }
}

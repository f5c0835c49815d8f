/**
 * From what an encoder says of a frame to its anomaly map: the scores of all views, standardised and
 * added (DESIGN §5), then upsampled. Plain code, which runs on any thread.
 */
import type { ViewOutput } from '../backend/encoder.js';
import type { Density } from '../density/density.js';
import { standardise } from '../density/standard.js';
import type { ScoreGrid } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { addExtended, type Lattice } from '../localize/grid.js';
import { quietLevel } from '../localize/quiet-level.js';
import type { DetectorSpec, ViewSpec } from '../model/manifest.js';
import { commonLattice, viewScores } from './detector.js';
import { MapMaker } from './map.js';

/** Grid and map of one frame. */
export interface Localization {
  readonly grid: ScoreGrid;
  readonly map: Float32Array; // [height, width] of the model's input
  /** Milliseconds in each part. */
  readonly timings: { readonly density: number; readonly map: number };
}

export class Localizer {
  /** Of the frames it takes. */
  readonly input: Size;
  readonly spec: DetectorSpec;
  readonly #densities: readonly Density[];
  readonly #maps: MapMaker;

  /** @param densities in the order of the views */
  constructor(spec: DetectorSpec, input: Size, densities: readonly Density[]) {
    this.spec = spec;
    this.input = input;
    this.#densities = densities;
    this.#maps = new MapMaker(spec, input);
  }

  /**
   * @param outputs of an encoder made for `scoringRequest` of each view, in the order of the views
   * @param spare another map, written over; a new one by default
   */
  localize(outputs: readonly ViewOutput[], spare?: Float32Array): Localization {
    const start = performance.now();
    const { views, map: how } = this.spec;
    const lattice = commonLattice(this.input, views);
    const grid = addViews(
      standardisedScores(views, this.#densities, outputs),
      lattice,
      how.centred,
    );
    const scored = performance.now();
    const map = this.#maps.map(grid, spare);
    return { grid, map, timings: { density: scored - start, map: performance.now() - scored } };
  }
}

/** The standardised scores of each view, on its own lattice: higher is stranger. */
export function standardisedScores(
  views: readonly ViewSpec[],
  densities: readonly Density[],
  outputs: readonly ViewOutput[],
): ScoreGrid[] {
  return views.map(({ standard }, i) => {
    const scores = standardise(viewScores(densities[i], outputs[i]), standard);
    return { ...outputs[i].lattice, scores };
  });
}

/**
 * The sum of views on one lattice. `centred`: less the quiet level of the frame, so that a quarter of
 * the scores is at 0 or below.
 */
export function addViews(
  views: readonly ScoreGrid[],
  lattice: Lattice,
  centred: boolean,
): ScoreGrid {
  const sum = new Float32Array(lattice.rows * lattice.cols);
  for (const view of views) addExtended(sum, lattice, view.scores, view);
  if (centred) {
    const level = quietLevel(sum);
    for (let cell = 0; cell < sum.length; cell++) sum[cell] -= level;
  }
  return { ...lattice, scores: sum };
}

/**
 * The views of a frame and the density of good frames in each (DESIGN §5): what an encoder has to
 * compute of a view, and the scores of its cells from that.
 */
import type { NearestWant, ViewOutput, ViewRequest } from '../backend/encoder.js';
import { type FoldedNetwork, layerSeeing } from '../cutpaste/network.js';
import {
  type Density,
  distanceToScore,
  finishGaussian,
  finishKernel,
  type NearestDensity,
  score,
} from '../density/density.js';
import { PatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import { STATISTICS } from '../frame/statistics.js';
import { type Lattice, latticeOf } from '../localize/grid.js';
import type { ViewSpec } from '../model/manifest.js';

/** A view by name: `rf64` reads the network, `stat8` the frame's statistics. */
export interface ViewName {
  readonly name: string;
  readonly receptiveField: number;
  readonly statistics: boolean;
}

export function parseView(name: string): ViewName {
  const match = /^(rf|stat)(\d+)$/.exec(name);
  const receptiveField = Number(match?.[2]);
  const statistics = match?.[1] === 'stat';
  if (match === null || (statistics && receptiveField !== 8 && receptiveField !== 16)) {
    throw new PatchlineError('PL_CONFIG', `'${name}' is not a view`, {
      disposition: 'usage',
      hint: 'use rf8, rf16, rf24, rf32, rf40, rf48, rf56, rf64, stat8, stat16',
    });
  }
  return { name, receptiveField, statistics };
}

/** Whether some of the views read the frame's statistics. */
export function readsStatistics(views: readonly Pick<ViewSpec, 'name'>[]): boolean {
  return views.some(({ name }) => parseView(name).statistics);
}

/** What the encoder has to compute for a view, before a density is known. */
export function viewRequest(network: FoldedNetwork, name: string): ViewRequest {
  const { receptiveField, statistics } = parseView(name);
  const want = { kind: 'embedding' } as const;
  if (statistics) {
    const window = receptiveField as 8 | 16;
    return { name, receptiveField, dim: STATISTICS, source: { kind: 'statistics', window }, want };
  }
  const layer = layerSeeing(network, receptiveField);
  return {
    name,
    receptiveField,
    dim: network[layer].channels,
    source: { kind: 'layer', layer },
    want,
  };
}

/** The request with the linear parts of its density. A location density is scored in plain code. */
export function scoringRequest(
  network: FoldedNetwork,
  name: string,
  density: Density,
): ViewRequest {
  const request = viewRequest(network, name);
  if (density.kind === 'location') return request;
  const whiten = whitenMap(density);
  switch (density.kind) {
    case 'gaussian':
      return { ...request, whiten, want: { kind: 'squaredNorm' } };
    case 'nearest':
      return { ...request, whiten, want: nearestWant(density) };
    case 'kernel':
      return { ...request, whiten, want: { kind: 'squaredDistances', centres: density.centres } };
  }
}

function nearestWant(density: NearestDensity): NearestWant {
  const { slope, intercept } = distanceToScore(density);
  return {
    kind: 'nearest',
    centres: density.centres,
    slope: Float32Array.from(slope),
    intercept: Float32Array.from(intercept),
  };
}

/** z = W(x − µ) as x·Wᵀ − Wµ. */
function whitenMap({ dim, mean, whitening }: Exclude<Density, { kind: 'location' }>) {
  const weights = new Float32Array(dim * dim); // [inputs, outputs]
  const bias = new Float64Array(dim);
  for (let out = 0; out < dim; out++) {
    for (let input = 0; input < dim; input++) {
      const w = whitening[out * dim + input];
      weights[input * dim + out] = w;
      bias[out] -= w * mean[input];
    }
  }
  return { inputs: dim, outputs: dim, weights, bias: Float32Array.from(bias) };
}

/** Scores of a view's cells from what the encoder computed for `scoringRequest`. → [rows·cols] */
export function viewScores(density: Density, output: ViewOutput): Float32Array {
  const { lattice, values } = output;
  switch (density.kind) {
    case 'gaussian':
      return finishGaussian(values);
    case 'nearest':
      return values;
    case 'kernel':
      return finishKernel(density, values, lattice.rows * lattice.cols);
    case 'location':
      return score(density, values);
  }
}

/** The lattice of the sum of the views: that of the shallowest one, which has the most cells. */
export function commonLattice(
  size: Size,
  views: readonly Pick<ViewSpec, 'receptiveField'>[],
): Lattice {
  return latticeOf(size, Math.min(...views.map((view) => view.receptiveField)));
}

/**
 * What a detector says of a frame, in float64 and as the formulas stand: loops over patches, each
 * convolved by itself. Slow, and independent of all back ends.
 */
import type { FoldedNetwork } from '../../src/cutpaste/network.js';
import type { Density } from '../../src/density/density.js';
import { parseView } from '../../src/detect/detector.js';
import type { Pixels } from '../../src/frame/pixels.js';
import type { SmallModel } from './models.js';

/** [rows, cols, dim] */
interface Grid {
  readonly rows: number;
  readonly cols: number;
  readonly dim: number;
  readonly data: Float64Array;
}

/** The score grid of a frame. */
export function referenceScores({ learned, spec }: SmallModel, pixels: Pixels): Float64Array {
  const { network, densities } = learned;
  const shallowest = Math.min(...spec.views.map((view) => view.receptiveField));
  const rows = Math.floor((pixels.height - shallowest) / 4) + 1;
  const cols = Math.floor((pixels.width - shallowest) / 4) + 1;
  const sum = new Float64Array(rows * cols);
  spec.views.forEach(({ name, receptiveField, standard }, v) => {
    const { statistics } = parseView(name);
    const embeddings = statistics
      ? referenceStatistics(pixels, receptiveField)
      : layerSeeing(network, pixels, receptiveField);
    const shift = (receptiveField - shallowest) / 8;
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const r = Math.min(Math.max(row - shift, 0), embeddings.rows - 1);
        const c = Math.min(Math.max(col - shift, 0), embeddings.cols - 1);
        const cell = r * embeddings.cols + c;
        const from = cell * embeddings.dim;
        const x = embeddings.data.subarray(from, from + embeddings.dim);
        const score = scoreOf(densities[v], x, cell);
        sum[row * cols + col] += (score - standard.mean) / standard.deviation;
      }
    }
  });
  if (!spec.map.centred) return sum;
  const level = sum.toSorted()[Math.ceil(sum.length / 4) - 1];
  return sum.map((score) => score - level);
}

/** Output, before its ReLU, of the layer with this receptive field and jump 4. */
function layerSeeing(network: FoldedNetwork, pixels: Pixels, receptiveField: number): Grid {
  let x: Grid = {
    rows: pixels.height,
    cols: pixels.width,
    dim: 3,
    data: Float64Array.from(pixels.data),
  };
  let reach = 1;
  let jump = 1;
  for (const layer of network) {
    const y = convolved(x, layer);
    reach += (layer.kernel - 1) * jump;
    jump *= layer.stride;
    if (jump === 4 && reach === receptiveField) return y;
    x = { ...y, data: y.data.map((value) => Math.max(0, value)) };
  }
  throw new Error(`no layer sees ${receptiveField} px`);
}

function convolved(x: Grid, layer: FoldedNetwork[number]): Grid {
  const { kernel, stride, channels, filter, bias } = layer;
  const rows = Math.floor((x.rows - kernel) / stride) + 1;
  const cols = Math.floor((x.cols - kernel) / stride) + 1;
  const data = new Float64Array(rows * cols * channels);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      for (let c = 0; c < channels; c++) {
        let sum = bias[c];
        for (let i = 0; i < kernel; i++) {
          for (let j = 0; j < kernel; j++) {
            const from = ((row * stride + i) * x.cols + col * stride + j) * x.dim;
            const weights = (i * kernel + j) * x.dim * channels + c;
            for (let d = 0; d < x.dim; d++)
              sum += x.data[from + d] * filter[weights + d * channels];
          }
        }
        data[(row * cols + col) * channels + c] = sum;
      }
    }
  }
  return { rows, cols, dim: channels, data };
}

/** As frame/statistics.ts defines them: windows every 4 px, scaled to 0..1. */
function referenceStatistics({ width, height, data }: Pixels, side: number): Grid {
  const grey = (y: number, x: number): number => {
    const row = Math.min(Math.max(y, 0), height - 1);
    const at = (row * width + Math.min(Math.max(x, 0), width - 1)) * 3;
    return (data[at] + data[at + 1] + data[at + 2]) / 3 / 255;
  };
  const channelsAt = (y: number, x: number): number[] => {
    const g = grey(y, x);
    const [west, east, north, south] = [
      grey(y, x - 1),
      grey(y, x + 1),
      grey(y - 1, x),
      grey(y + 1, x),
    ];
    const colours = [0, 1, 2].map((c) => data[(y * width + x) * 3 + c] / 255);
    const laplacian = Math.abs(west + east + north + south - 4 * g);
    return [...colours, Math.abs(east - west), Math.abs(south - north), laplacian];
  };
  const rows = Math.floor((height - side) / 4) + 1;
  const cols = Math.floor((width - side) / 4) + 1;
  const out: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const places = Array.from({ length: side * side }, (_, i) => [
        4 * row + Math.floor(i / side),
        4 * col + (i % side),
      ]);
      const values = places.map(([y, x]) => channelsAt(y, x));
      const greys = places.map(([y, x]) => grey(y, x));
      const mean = [0, 1, 2, 3, 4, 5].map(
        (c) => values.reduce((s, v) => s + v[c], 0) / values.length,
      );
      const deviation = mean.map((m, c) =>
        Math.sqrt(values.reduce((s, v) => s + (v[c] - m) ** 2, 0) / values.length),
      );
      out.push(...mean, ...deviation, Math.min(...greys), Math.max(...greys));
    }
  }
  return { rows, cols, dim: 14, data: Float64Array.from(out) };
}

function scoreOf(density: Density, x: Float64Array, cell: number): number {
  const { dim, mean, whitening } = density;
  const place = density.kind === 'location' ? cell : 0;
  const z = Array.from({ length: dim }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < dim; j++) {
      sum += whitening[(place * dim + i) * dim + j] * (x[j] - mean[place * dim + j]);
    }
    return sum;
  });
  if (density.kind === 'gaussian' || density.kind === 'location') return Math.hypot(...z);
  const { centres } = density;
  const squared = Array.from({ length: centres.length / dim }, (_, c) =>
    z.reduce((sum, value, i) => sum + (value - centres[c * dim + i]) ** 2, 0),
  );
  if (density.kind === 'kernel') {
    const h = density.bandwidth ** 2;
    const norm = squared.length * (2 * Math.PI * h) ** (dim / 2);
    const smallest = Math.min(...squared);
    const rest = squared.reduce((sum, d) => sum + Math.exp((smallest - d) / (2 * h)), 0);
    return smallest / (2 * h) - Math.log(rest) + Math.log(norm);
  }
  const smallest = Math.min(...squared);
  const nearest = squared.indexOf(smallest);
  const distance = Math.sqrt(smallest);
  const plain = (distance - density.plainMean) / density.plainDeviation;
  const local = (distance - density.centreMean[nearest]) / density.centreDeviation[nearest];
  return { plain, local, both: plain + local }[density.mix];
}

/** The encoder on TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { STATISTICS } from '../frame/statistics.js';
import { latticeOf } from '../localize/grid.js';
import { type CellWindow, cellOf, ownCells, type TileGroup } from '../localize/tiling.js';
import type { Encoder, EncoderInput, LinearMap, ViewOutput, ViewRequest } from './encoder.js';
import { type BackendMemory, backendMemory } from './tensorflow.js';

/** Pixels in one call of the network: bounds the memory of its activations (64 B a pixel). */
const PIXELS_PER_CALL = 1 << 20;

interface Weights {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  readonly stride: number;
}

interface View {
  readonly request: ViewRequest;
  readonly whiten: Weights | undefined;
  /** z → |c|² − 2·z·c of each centre c: the squared distance but for |z|². */
  readonly centres: Weights | undefined;
}

/** Numbers of some tiles' cells, and where they go. */
interface Reading {
  readonly values: tf.Tensor; // [tiles, rows, cols] or [tiles, rows, cols, width]
  readonly width: number;
  readonly to: Float32Array | Int32Array; // [rows, cols, width] of the whole frame
}

type Group = EncoderInput['groups'][number];

/** Holds the weights on the back end of this thread until `dispose`. */
export class TensorEncoder implements Encoder {
  readonly backend: string;
  readonly #layers: readonly Weights[];
  readonly #views: readonly View[];
  readonly #taps: ReadonlySet<number>;

  /** @param network takes pixels as bytes (see `foldInput`). */
  constructor(network: FoldedNetwork, views: readonly ViewRequest[]) {
    this.backend = tf.getBackend();
    this.#layers = weightsOf(network);
    this.#views = views.map((request) => ({
      request,
      whiten: request.whiten && headOf(request.whiten),
      centres: request.centres && headOf(centreMap(request.centres.points, request.dim)),
    }));
    this.#taps = new Set(
      views.flatMap(({ source }) => (source.kind === 'layer' ? [source.layer] : [])),
    );
  }

  async encode(input: EncoderInput): Promise<ViewOutput[]> {
    const outputs = this.#views.map((view) => emptyOutput(view, input));
    for (const group of this.#taps.size === 0 ? [] : input.groups) {
      for (const part of chunks(group)) this.#encodeTiles(part, outputs);
    }
    this.#views.forEach((view, i) => {
      if (view.request.source.kind === 'statistics') encodeStatistics(view, input, outputs[i]);
    });
    return outputs;
  }

  memory(): BackendMemory {
    return backendMemory();
  }

  dispose(): void {
    const heads = this.#views.flatMap(({ whiten, centres }) => [whiten, centres]);
    for (const weights of [...this.#layers, ...heads]) {
      if (weights !== undefined) tf.dispose([weights.filter, weights.bias]);
    }
  }

  /** Runs the network over some tiles and puts the cells they answer for into the frame's grids. */
  #encodeTiles(group: Group, outputs: readonly ViewOutput[]): void {
    tf.tidy(() => {
      const { width, height } = group.tiles[0];
      const pixels = new Float32Array(group.pixels);
      const taps = this.#run(tf.tensor4d(pixels, [group.tiles.length, height, width, 3]));
      this.#views.forEach((view, i) => {
        const { source, receptiveField } = view.request;
        if (source.kind !== 'layer') return;
        const window = ownCells(group, receptiveField);
        tf.tidy(() => {
          const own = sliceCells(taps.get(source.layer) as tf.Tensor4D, window);
          for (const reading of readingsOf(view, own, outputs[i])) {
            scatter(reading, group, window, outputs[i].lattice.cols);
          }
        });
      });
    });
  }

  /** Outputs of the tapped layers before their ReLU. Consumes the pixels. */
  #run(pixels: tf.Tensor4D): Map<number, tf.Tensor4D> {
    const taps = new Map<number, tf.Tensor4D>();
    const last = Math.max(...this.#taps);
    let x = pixels;
    for (let i = 0; i <= last; i++) {
      const tapped = this.#taps.has(i);
      const y = linear(x, this.#layers[i], tapped ? 'linear' : 'relu');
      x.dispose(); // the next layer's output takes its place, in memory and in the caches
      if (tapped) taps.set(i, y);
      x = tapped ? tf.relu(y) : y;
    }
    x.dispose();
    return taps;
  }
}

function linear(x: tf.Tensor4D, w: Weights, activation: 'linear' | 'relu' = 'linear'): tf.Tensor4D {
  const { filter, bias, stride: strides } = w;
  return tf.fused.conv2d({ x, filter, bias, strides, pad: 'valid', activation });
}

function weightsOf(network: FoldedNetwork): Weights[] {
  let inputs = 3;
  return network.map(({ kernel, channels, stride, filter, bias }) => {
    const shape: [number, number, number, number] = [kernel, kernel, inputs, channels];
    inputs = channels;
    return { filter: tf.tensor4d(filter, shape), bias: tf.tensor1d(bias), stride };
  });
}

/** |z − c|² = |z|² + (|c|² − 2·z·c): the bracket as a linear map of z. */
function centreMap(centres: Float32Array, dim: number): LinearMap {
  const count = centres.length / dim;
  const weights = new Float32Array(centres.length); // [dim, count]
  const bias = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    for (let d = 0; d < dim; d++) {
      const value = centres[c * dim + d];
      weights[d * count + c] = -2 * value;
      bias[c] += value * value;
    }
  }
  return { inputs: dim, outputs: count, weights, bias: Float32Array.from(bias) };
}

function headOf({ inputs, outputs, weights, bias }: LinearMap): Weights {
  return {
    filter: tf.tensor4d(weights, [1, 1, inputs, outputs]),
    bias: tf.tensor1d(bias),
    stride: 1,
  };
}

/** What a view wants of the embeddings of some tiles [tiles, rows, cols, dim]. */
function readingsOf({ whiten, centres }: View, x: tf.Tensor4D, output: ViewOutput): Reading[] {
  const { dim, embeddings, nearest, squaredDistances } = output;
  const z = whiten === undefined ? x : linear(x, whiten);
  const readings: Reading[] = [{ values: z, width: dim, to: embeddings }];
  if (centres === undefined) return readings;
  const partial = linear(z, centres);
  if (nearest !== undefined) {
    readings.push({ values: tf.argMin(partial, 3), width: 1, to: nearest });
  }
  if (squaredDistances !== undefined) {
    const values = tf.add(partial, tf.sum(tf.square(z), 3, true));
    readings.push({ values, width: partial.shape[3], to: squaredDistances });
  }
  return readings;
}

function encodeStatistics(view: View, input: EncoderInput, output: ViewOutput): void {
  const { window } = view.request.source as { window: 8 | 16 };
  const { rows, cols } = output.lattice;
  const values = input.statistics[window];
  if (values === undefined) throw new Error(`the input has no statistics of ${window} px`);
  tf.tidy(() => {
    const embeddings = tf.tensor4d(values, [1, rows, cols, STATISTICS]);
    for (const { values, to } of readingsOf(view, embeddings, output)) to.set(values.dataSync());
  });
}

function emptyOutput({ request }: View, { size }: EncoderInput): ViewOutput {
  const { dim } = request;
  const lattice = latticeOf(size, request.receptiveField);
  const cells = lattice.rows * lattice.cols;
  const output = { lattice, dim, embeddings: new Float32Array(cells * dim) };
  switch (request.centres?.want) {
    case undefined:
      return output;
    case 'nearest':
      return { ...output, nearest: new Int32Array(cells) };
    case 'squaredDistances': {
      const count = request.centres.points.length / dim;
      return { ...output, squaredDistances: new Float32Array(cells * count) };
    }
  }
}

/** Parts of a group that are small enough for one call. */
function* chunks(group: Group): Generator<Group> {
  const { width, height } = group.tiles[0];
  const area = width * height;
  const count = Math.max(1, Math.floor(PIXELS_PER_CALL / area));
  for (let from = 0; from < group.tiles.length; from += count) {
    const tiles = group.tiles.slice(from, from + count);
    const pixels = group.pixels.subarray(from * area * 3, (from + tiles.length) * area * 3);
    yield { ...group, tiles, pixels };
  }
}

function sliceCells(grid: tf.Tensor4D, { row, col, rows, cols }: CellWindow): tf.Tensor4D {
  const [n, allRows, allCols, dim] = grid.shape;
  if (rows === allRows && cols === allCols) return grid;
  return tf.slice(grid, [0, row, col, 0], [n, rows, cols, dim]);
}

/** Copies each tile's own cells to their place in the frame's grid, which has `cols` columns. */
function scatter(
  { values, width, to }: Reading,
  group: TileGroup,
  window: CellWindow,
  cols: number,
): void {
  const data = values.dataSync();
  const run = window.cols * width;
  let from = 0;
  for (const tile of group.tiles) {
    const { row, col } = cellOf(tile, window);
    for (let r = 0; r < window.rows; r++, from += run) {
      to.set(data.subarray(from, from + run), ((row + r) * cols + col) * width);
    }
  }
}

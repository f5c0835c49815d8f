/** The encoder on TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { STATISTICS } from '../frame/statistics.js';
import { latticeOf, type Tile } from '../localize/grid.js';
import { type CellWindow, cellOf, ownCells, type TileGroup } from '../localize/tiling.js';
import type { BackendMemory, Encoder, EncoderInput, ViewOutput, ViewRequest } from './encoder.js';
import { convolve, Head, type Reading, type Weights } from './heads.js';

/** Pixels in one call of the network: bounds the memory of its activations (64 B a pixel). */
const PIXELS_PER_CALL = 1 << 20;

type Group = EncoderInput['groups'][number];

/** Holds the weights on the back end of this thread until `dispose`. */
export class TensorEncoder implements Encoder {
  readonly backend: string;
  readonly #layers: readonly Weights[];
  readonly #heads: readonly Head[];
  readonly #taps: ReadonlySet<number>;

  /** @param network takes pixels as bytes (see `foldInput`). */
  constructor(network: FoldedNetwork, views: readonly ViewRequest[]) {
    this.backend = tf.getBackend();
    this.#layers = layersOf(network);
    this.#heads = views.map((request) => new Head(request));
    this.#taps = new Set(
      views.flatMap(({ source }) => (source.kind === 'layer' ? [source.layer] : [])),
    );
  }

  async encode(input: EncoderInput): Promise<ViewOutput[]> {
    const outputs = this.#heads.map((head) => emptyOutput(head, input));
    for (const group of this.#taps.size === 0 ? [] : input.groups) {
      for (const part of chunks(group)) this.#encodeTiles(part, outputs);
    }
    this.#heads.forEach((head, i) => {
      const { source } = head.request;
      if (source.kind === 'statistics') encodeStatistics(head, source.window, input, outputs[i]);
    });
    return outputs;
  }

  memory(): BackendMemory {
    const { numBytes, numTensors } = tf.memory();
    return { bytes: numBytes, tensors: numTensors };
  }

  dispose(): void {
    for (const head of this.#heads) head.dispose();
    for (const { filter, bias } of this.#layers) tf.dispose([filter, bias]);
  }

  /** Runs the network over some tiles and puts the cells they answer for into the frame's grids. */
  #encodeTiles(group: Group, outputs: readonly ViewOutput[]): void {
    tf.tidy(() => {
      const { width, height } = group.tiles[0];
      const pixels = new Float32Array(group.pixels);
      const taps = this.#run(tf.tensor4d(pixels, [group.tiles.length, height, width, 3]));
      this.#heads.forEach((head, i) => {
        const { source, receptiveField } = head.request;
        if (source.kind !== 'layer') return;
        const window = ownCells(group, receptiveField);
        const tap = taps.get(source.layer) as tf.Tensor4D;
        tf.tidy(() => write(head, sliceCells(tap, window), group, window, outputs[i]));
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
      const y = convolve(x, this.#layers[i], tapped ? 'linear' : 'relu');
      x.dispose(); // the next layer's output takes its place, in memory and in the caches
      if (tapped) taps.set(i, y);
      x = tapped ? tf.relu(y) : y;
    }
    x.dispose();
    return taps;
  }
}

function layersOf(network: FoldedNetwork): Weights[] {
  let inputs = 3;
  return network.map(({ kernel, channels, stride, filter, bias }) => {
    const shape: [number, number, number, number] = [kernel, kernel, inputs, channels];
    inputs = channels;
    return { filter: tf.tensor4d(filter, shape), bias: tf.tensor1d(bias), stride };
  });
}

function emptyOutput({ request, width }: Head, { size }: EncoderInput): ViewOutput {
  const lattice = latticeOf(size, request.receptiveField);
  const cells = lattice.rows * lattice.cols;
  const values = new Float32Array(cells * width);
  if (request.want.kind !== 'nearest') return { lattice, values };
  return { lattice, values, nearest: new Int32Array(cells) };
}

function encodeStatistics(head: Head, window: 8 | 16, input: EncoderInput, output: ViewOutput) {
  const { rows, cols } = output.lattice;
  const values = input.statistics[window];
  if (values === undefined) throw new Error(`the input has no statistics of ${window} px`);
  const frame = { tiles: [{ x: 0, y: 0, ...input.size }] };
  tf.tidy(() => {
    const embeddings = tf.tensor4d(values, [1, rows, cols, STATISTICS]);
    write(head, embeddings, frame, { row: 0, col: 0, rows, cols }, output);
  });
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
  const lines = tf.reshape(grid, [n, allRows, allCols * dim]); // wasm copies whole lines fast
  const own = tf.slice(lines, [0, row, col * dim], [n, rows, cols * dim]);
  return tf.reshape(own, [n, rows, cols, dim]);
}

/** Puts what the head reads of the tiles' own cells to their place in the frame's grids. */
function write(
  head: Head,
  own: tf.Tensor4D,
  { tiles }: Pick<TileGroup, 'tiles'>,
  window: CellWindow,
  output: ViewOutput,
): void {
  const { values, nearest } = head.read(own);
  scatter(values, tiles, window, output.lattice.cols, output.values);
  if (nearest !== undefined && output.nearest !== undefined) {
    scatter(nearest, tiles, window, output.lattice.cols, output.nearest);
  }
}

/** Copies each tile's cells into a grid of `cols` columns. */
function scatter(
  { tensor, width }: Reading,
  tiles: readonly Tile[],
  window: CellWindow,
  cols: number,
  to: Float32Array | Int32Array,
): void {
  const data = tensor.dataSync();
  const run = window.cols * width;
  let from = 0;
  for (const tile of tiles) {
    const { row, col } = cellOf(tile, window);
    for (let r = 0; r < window.rows; r++, from += run) {
      to.set(data.subarray(from, from + run), ((row + r) * cols + col) * width);
    }
  }
}

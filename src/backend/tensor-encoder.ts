/** The encoder on TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { STATISTICS } from '../frame/statistics.js';
import { type CellWindow, ownCells } from '../localize/tiling.js';
import type { BackendMemory, Encoder, EncoderInput, ViewOutput, ViewRequest } from './encoder.js';
import { convolve, Head, type Readings, type Weights } from './heads.js';
import {
  type CellRun,
  type Computed,
  chunksOf,
  emptyOutput,
  placeRun,
  placeTiles,
  statisticsRuns,
  type TilePixels,
} from './output.js';
import { type Upload, uploadFloats } from './upload.js';

/** Holds the weights on the back end of this thread until `dispose`. */
export class TensorEncoder implements Encoder {
  readonly backend: string;
  readonly #layers: readonly Weights[];
  readonly #heads: readonly Head[];
  readonly #taps: ReadonlySet<number>;
  readonly #upload: Upload;

  /** @param network takes pixels as bytes (see `foldInput`). */
  constructor(network: FoldedNetwork, views: readonly ViewRequest[], upload = uploadFloats) {
    this.#upload = upload;
    this.backend = tf.getBackend();
    this.#layers = layersOf(network);
    this.#heads = views.map((request) => new Head(request));
    this.#taps = new Set(
      views.flatMap(({ source }) => (source.kind === 'layer' ? [source.layer] : [])),
    );
  }

  async encode(input: EncoderInput): Promise<ViewOutput[]> {
    const outputs = this.#heads.map(({ request }) => emptyOutput(request, input));
    for (const group of this.#taps.size === 0 ? [] : input.groups) {
      for (const part of chunksOf(group)) await this.#encodeTiles(part, outputs);
    }
    for (const [i, head] of this.#heads.entries()) {
      const { source } = head.request;
      if (source.kind !== 'statistics') continue;
      for (const run of statisticsRuns(input, source.window)) {
        await encodeRun(head, run, outputs[i]);
      }
    }
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
  async #encodeTiles(group: TilePixels, outputs: readonly ViewOutput[]): Promise<void> {
    const readings = tf.tidy(() => this.#readTiles(group));
    for (const { index, read } of readings) {
      const window = ownCells(group, this.#heads[index].request.receptiveField);
      placeTiles(await take(read), group.tiles, window, outputs[index]);
    }
  }

  /** What each head reads of the tiles' own cells, by the index of the head. */
  #readTiles(group: TilePixels): { index: number; read: Readings }[] {
    const { width, height } = group.tiles[0];
    const taps = this.#run(this.#upload(group.pixels, [group.tiles.length, height, width, 3]));
    return this.#heads.flatMap((head, index) => {
      const { source, receptiveField } = head.request;
      if (source.kind !== 'layer') return [];
      const tap = taps.get(source.layer) as tf.Tensor4D;
      const window = ownCells(group, receptiveField);
      return [{ index, read: tf.tidy(() => head.read(sliceCells(tap, window))) }];
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

async function encodeRun(head: Head, { from, values }: CellRun, output: ViewOutput): Promise<void> {
  const read = tf.tidy(() =>
    head.read(tf.tensor4d(values, [1, 1, values.length / STATISTICS, STATISTICS])),
  );
  placeRun(await take(read), from, output);
}

function sliceCells(grid: tf.Tensor4D, { row, col, rows, cols }: CellWindow): tf.Tensor4D {
  const [n, allRows, allCols, dim] = grid.shape;
  if (rows === allRows && cols === allCols) return grid;
  const lines = tf.reshape(grid, [n, allRows, allCols * dim]); // wasm copies whole lines fast
  const own = tf.slice(lines, [0, row, col * dim], [n, rows, cols * dim]);
  return tf.reshape(own, [n, rows, cols, dim]);
}

/** Reads the numbers and frees the tensors. Not by `dataSync`, which WebGPU has none of. */
async function take({ values, nearest }: Readings): Promise<Computed> {
  const computed = {
    values: await values.data<'float32'>(),
    nearest: await nearest?.data<'int32'>(),
  };
  tf.dispose([values, nearest]);
  return computed;
}

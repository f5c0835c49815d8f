/** The encoder on TensorFlow.js. */
import { setImmediate as turn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { STATISTICS } from '../frame/statistics.js';
import { type CellWindow, ownCells } from '../localize/tiling.js';
import {
  type BackendMemory,
  type Encoder,
  type EncoderInput,
  readsLayer,
  type ViewOutput,
  type ViewRequest,
} from './encoder.js';
import { convolve, Head, type Weights } from './heads.js';
import {
  batchesOf,
  type CellRun,
  emptyOutputs,
  isBare,
  joined,
  pixelsPerCall,
  placeRun,
  placeTiles,
  statisticsRuns,
  type TileBatch,
} from './output.js';
import { statisticsTensors } from './tensor-statistics.js';
import { type Upload, uploadFloats } from './upload.js';

/** What distinguishes the back ends of TensorFlow.js for an encoder. */
export interface Device {
  readonly upload: Upload;
  readonly gpu: boolean;
}

const CPU: Device = { upload: uploadFloats, gpu: false };

/** Holds the weights on the back end of this thread until `dispose`. */
export class TensorEncoder implements Encoder {
  readonly backend: string;
  readonly #device: Device;
  readonly #layers: readonly Weights[];
  readonly #heads: readonly Head[];
  readonly #taps: ReadonlySet<number>;

  /** @param network takes pixels as bytes (see `foldInput`). */
  constructor(network: FoldedNetwork, views: readonly ViewRequest[], device = CPU) {
    this.#device = device;
    this.backend = tf.getBackend();
    this.#layers = layersOf(network);
    this.#heads = views.map((request) => new Head(request));
    this.#taps = new Set(
      views.flatMap(({ source }) => (source.kind === 'layer' ? [source.layer] : [])),
    );
  }

  async encode(frames: readonly EncoderInput[]): Promise<ViewOutput[][]> {
    const requests = this.#heads.map(({ request }) => request);
    const outputs = frames.map((frame) => emptyOutputs(requests, frame));
    const bare = frames.every(isBare);
    const heads = bare ? this.#heads : this.#heads.filter(({ request }) => readsLayer(request));
    const mostPixels = pixelsPerCall(this.#device.gpu);
    for (const batch of heads.length === 0 ? [] : batchesOf(frames, mostPixels)) {
      await this.#encodeBatch(batch, heads, outputs);
    }
    for (const [h, head] of this.#heads.entries()) {
      if (heads.includes(head)) continue;
      await encodeStatistics(
        head,
        frames,
        outputs.map((ofFrame) => ofFrame[h]),
      );
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

  /**
   * Runs the network over some tiles and puts the cells they answer for into the frames' grids.
   *
   * @param outputs by frame and head
   */
  async #encodeBatch(
    batch: TileBatch,
    heads: readonly Head[],
    outputs: readonly ViewOutput[][],
  ): Promise<void> {
    const windows = heads.map(({ request }) => ownCells(batch, request.receptiveField));
    const readings = tf.tidy(() => this.#readBatch(batch, heads, windows));
    // Reading waits for a GPU: whoever wants to put another batch onto it does so first.
    if (this.#device.gpu) await turn();
    const values = await Promise.all(readings.map(take));
    for (const [i, head] of heads.entries()) {
      placeTiles(values[i], batch, windows[i], outputs, this.#heads.indexOf(head));
    }
  }

  /** What each head reads of the tiles' own cells. */
  #readBatch(
    { pixels, tiles }: TileBatch,
    heads: readonly Head[],
    windows: readonly CellWindow[],
  ): tf.Tensor[] {
    const [{ width, height }] = tiles;
    const uploaded = this.#device.upload(joined(pixels), [tiles.length, height, width, 3]);
    const statistics = heads.every(({ request }) => readsLayer(request))
      ? undefined
      : statisticsTensors(uploaded);
    const taps = this.#taps.size === 0 ? new Map<number, tf.Tensor4D>() : this.#run(uploaded);
    return heads.map((head, i) => {
      const { source } = head.request;
      const embeddings =
        source.kind === 'layer' ? taps.get(source.layer) : statistics?.[source.window];
      return tf.tidy(() => head.read(sliceCells(embeddings as tf.Tensor4D, windows[i])));
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

/** @param outputs of the head, by frame */
async function encodeStatistics(
  head: Head,
  frames: readonly EncoderInput[],
  outputs: readonly ViewOutput[],
): Promise<void> {
  const { source } = head.request;
  if (source.kind !== 'statistics') return;
  for (const [f, frame] of frames.entries()) {
    for (const run of statisticsRuns(frame, source.window)) await encodeRun(head, run, outputs[f]);
  }
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

/** Reads the numbers and frees the tensor. Not by `dataSync`, which WebGPU has none of. */
async function take(tensor: tf.Tensor): Promise<Float32Array> {
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

/** The encoder on onnxruntime. */
import type { FoldedNetwork } from '../../cutpaste/network.js';
import { STATISTICS } from '../../frame/statistics.js';
import { type CellWindow, ownCells } from '../../localize/tiling.js';
import {
  type BackendMemory,
  type Encoder,
  type EncoderInput,
  layerOf,
  readsLayer,
  type ViewOutput,
  type ViewRequest,
} from '../encoder.js';
import {
  batchesOf,
  emptyOutputs,
  joined,
  placeRun,
  placeTiles,
  statisticsRuns,
  type TileBatch,
  widthOf,
} from '../output.js';
import { outputOf, Sessions } from '../sessions.js';
import { foldWhitening } from '../whitening.js';
import { Graph, type Ref } from './graph.js';
import { addHead } from './heads.js';
import { addNetwork, type Crop } from './network.js';
import {
  bytesTensor,
  type Feeds,
  type Fetches,
  floatsTensor,
  integersTensor,
  Session,
} from './session.js';

export class OnnxEncoder implements Encoder {
  readonly backend = 'onnx';
  readonly #network: FoldedNetwork;
  readonly #views: readonly ViewRequest[];
  readonly #sessions = new Sessions<Session>();

  private constructor(network: FoldedNetwork, views: readonly ViewRequest[]) {
    this.#network = network;
    this.#views = views;
  }

  /** @throws onnxruntime's error if it does not take the network */
  static async create(network: FoldedNetwork, views: readonly ViewRequest[]): Promise<OnnxEncoder> {
    const encoder = new OnnxEncoder(network, views);
    if (views.some(readsLayer)) await encoder.#tileSession(false);
    for (const view of views) if (!readsLayer(view)) await encoder.#statisticsSession(view);
    return encoder;
  }

  async encode(frames: readonly EncoderInput[]): Promise<ViewOutput[][]> {
    const outputs = frames.map((frame) => emptyOutputs(this.#views, frame));
    for (const batch of this.#views.some(readsLayer) ? batchesOf(frames) : []) {
      await this.#encodeTiles(batch, outputs);
    }
    for (const [v, view] of this.#views.entries()) {
      if (view.source.kind !== 'statistics') continue;
      for (const [f, frame] of frames.entries()) {
        await this.#encodeStatistics(view, view.source.window, frame, outputs[f][v]);
      }
    }
    return outputs;
  }

  memory(): BackendMemory {
    return { bytes: this.#sessions.bytes, tensors: 0 };
  }

  dispose(): void {
    this.#sessions.dispose((session) => session.release());
  }

  /**
   * Runs the network over some tiles and puts the cells they answer for into the frames' grids.
   *
   * @param outputs by frame and view
   */
  async #encodeTiles(batch: TileBatch, outputs: readonly ViewOutput[][]): Promise<void> {
    const { width, height } = batch.tiles[0];
    const windows = this.#views.map(({ receptiveField }) => ownCells(batch, receptiveField));
    const { top, bottom, left, right } = batch.border;
    const cropped = !(top && bottom && left && right);
    const session = await this.#tileSession(cropped);
    const pixels = bytesTensor(joined(batch.pixels), [batch.tiles.length, height, width, 3]);
    const crops = cropped ? cropFeeds(this.#views, windows) : {};
    const fetches = await session.run({ pixels, ...crops });
    this.#views.forEach((view, v) => {
      if (!readsLayer(view)) return;
      placeTiles(valuesOf(view, fetches), batch, windows[v], outputs, v);
    });
  }

  async #encodeStatistics(
    view: ViewRequest,
    window: 8 | 16,
    frame: EncoderInput,
    output: ViewOutput,
  ): Promise<void> {
    const session = await this.#statisticsSession(view);
    for (const { from, values } of statisticsRuns(frame, window)) {
      const cells = floatsTensor(values, [values.length / STATISTICS, STATISTICS]);
      placeRun(valuesOf(view, await session.run({ cells })), from, output);
    }
  }

  /** @param cropped only some cells of a tile are its own; whole frames are spared the copy */
  #tileSession(cropped: boolean): Promise<Session> {
    return this.#sessions.get(`tiles, ${cropped}`, () =>
      Session.load(tileGraph(this.#network, this.#views, cropped)),
    );
  }

  #statisticsSession(view: ViewRequest): Promise<Session> {
    return this.#sessions.get(view.name, () => Session.load(statisticsGraph(view)));
  }
}

/** Tiles → what the views want of their own cells. */
function tileGraph(whole: FoldedNetwork, all: readonly ViewRequest[], cropped: boolean): Graph {
  const graph = new Graph();
  const pixels = graph.input('pixels', 'uint8', ['tiles', 'height', 'width', 3]);
  const { network, views } = foldWhitening(whole, all.filter(readsLayer));
  const crops = new Map<number, Crop>();
  for (const view of cropped ? views : []) {
    const place = (name: string) => graph.input(`${view.name}.${name}`, 'int64', [2]);
    crops.set(layerOf(view), { from: place('from'), to: place('to') });
  }
  const taps = addNetwork(graph, network, pixels, new Set(views.map(layerOf)), (layer) =>
    crops.get(layer),
  );
  for (const view of views) {
    addOutput(graph, view, taps.get(layerOf(view)) as Ref);
  }
  return graph;
}

function statisticsGraph(view: ViewRequest): Graph {
  const graph = new Graph();
  const cells = graph.input('cells', 'float32', ['n', view.dim]);
  addOutput(graph, view, cells);
  return graph;
}

function addOutput(graph: Graph, view: ViewRequest, embeddings: Ref): void {
  const values = addHead(graph, view, embeddings);
  graph.output(values, outputOf(view), 'float32', ['n', widthOf(view)]);
}

/** Where the own cells lie; views of one layer share them. */
function cropFeeds(views: readonly ViewRequest[], windows: readonly CellWindow[]): Feeds {
  const feeds: Record<string, Feeds[string]> = {};
  views.forEach((view, i) => {
    if (!readsLayer(view)) return;
    const { row, col, rows, cols } = windows[i];
    feeds[`${view.name}.from`] = integersTensor([row, col]);
    feeds[`${view.name}.to`] = integersTensor([row + rows, col + cols]);
  });
  return feeds;
}

function valuesOf(view: ViewRequest, fetches: Fetches): Float32Array {
  return fetches[outputOf(view)].data as Float32Array;
}

/**
 * The encoder as graphs of TensorFlow, where a batch is one call. Run as single operations it is
 * hundreds of calls, for which a GPU would wait.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedNetwork } from '../../../cutpaste/network.js';
import { type CellWindow, ownCells } from '../../../localize/tiling.js';
import {
  type BackendMemory,
  type Encoder,
  type EncoderInput,
  layerOf,
  readsLayer,
  type ViewOutput,
  type ViewRequest,
} from '../../encoder.js';
import {
  batchesOf,
  emptyOutputs,
  isBare,
  pixelsPerCall,
  placeRun,
  placeTiles,
  statisticsRuns,
  type TileBatch,
} from '../../output.js';
import { outputOf, Sessions } from '../../sessions.js';
import { foldWhitening } from '../../whitening.js';
import { Graph, type Ref } from './graph.js';
import { addHead } from './heads.js';
import { addNetwork, type Crop } from './network.js';
import { addPixels, pixelFeeds } from './pixels.js';
import { type Feed, runningBinding, Session } from './session.js';
import { addStatistics } from './statistics.js';

/** Which graph tiles go through. */
interface TileWay {
  /** Only some cells of a tile are its own; whole frames are spared the copy. */
  readonly cropped: boolean;
  /** The statistics are computed from the pixels, too. */
  readonly statistics: boolean;
}

export class GraphEncoder implements Encoder {
  readonly backend = 'tensorflow';
  readonly #network: FoldedNetwork;
  readonly #views: readonly ViewRequest[];
  readonly #gpu: boolean;
  readonly #binding = runningBinding(); // another back end may be started before a graph is needed
  readonly #sessions = new Sessions<Session>();

  private constructor(network: FoldedNetwork, views: readonly ViewRequest[], gpu: boolean) {
    this.#network = network;
    this.#views = views;
    this.#gpu = gpu;
  }

  /** @throws PL_BACKEND if TensorFlow does not take the network */
  static async create(
    network: FoldedNetwork,
    views: readonly ViewRequest[],
    gpu: boolean,
  ): Promise<GraphEncoder> {
    const encoder = new GraphEncoder(network, views, gpu);
    const statistics = gpu && views.some(readsStatistics);
    if (statistics || views.some(readsLayer)) {
      await encoder.#tileSession({ cropped: false, statistics });
    }
    return encoder;
  }

  async encode(frames: readonly EncoderInput[]): Promise<ViewOutput[][]> {
    const outputs = frames.map((frame) => emptyOutputs(this.#views, frame));
    const statistics = this.#views.some(readsStatistics) && frames.every(isBare);
    const views = this.#views.filter((view) => statistics || readsLayer(view));
    for (const batch of views.length === 0 ? [] : batchesOf(frames, pixelsPerCall(this.#gpu))) {
      await this.#encodeTiles(batch, views, statistics, outputs);
    }
    for (const [v, view] of this.#views.entries()) {
      if (views.includes(view)) continue;
      await this.#encodeStatistics(
        view,
        frames,
        outputs.map((ofFrame) => ofFrame[v]),
      );
    }
    return outputs;
  }

  memory(): BackendMemory {
    const { numBytes, numTensors } = tf.memory();
    return { bytes: numBytes + this.#sessions.bytes, tensors: numTensors };
  }

  dispose(): void {
    this.#sessions.dispose((session) => session.dispose());
  }

  /**
   * Runs the network over some tiles and puts the cells they answer for into the frames' grids.
   *
   * @param outputs by frame and view
   */
  async #encodeTiles(
    batch: TileBatch,
    views: readonly ViewRequest[],
    statistics: boolean,
    outputs: readonly ViewOutput[][],
  ): Promise<void> {
    const { width, height } = batch.tiles[0];
    const windows = views.map(({ receptiveField }) => ownCells(batch, receptiveField));
    const { top, bottom, left, right } = batch.border;
    const cropped = !(top && bottom && left && right);
    const session = await this.#tileSession({ cropped, statistics });
    const pixels = pixelFeeds(batch.pixels, height, width);
    const feeds = { ...pixels, ...(cropped && cropFeeds(views, windows)) };
    const values = session.run(feeds, views.map(outputOf));
    for (const [i, view] of views.entries()) {
      placeTiles(values[i], batch, windows[i], outputs, this.#views.indexOf(view));
    }
  }

  async #encodeStatistics(
    view: ViewRequest,
    frames: readonly EncoderInput[],
    outputs: readonly ViewOutput[],
  ): Promise<void> {
    if (view.source.kind !== 'statistics') return;
    const session = await this.#sessions.get(view.name, () => this.#load(statisticsGraph(view)));
    for (const [f, frame] of frames.entries()) {
      for (const { from, values } of statisticsRuns(frame, view.source.window)) {
        const [read] = session.run({ cells: values }, [outputOf(view)]);
        placeRun(read, from, outputs[f]);
      }
    }
  }

  #tileSession(way: TileWay): Promise<Session> {
    return this.#sessions.get(JSON.stringify(way), () =>
      this.#load(tileGraph(this.#network, this.#views, way)),
    );
  }

  #load(graph: Graph): Promise<Session> {
    return Session.load(graph, this.#binding);
  }
}

function readsStatistics({ source }: ViewRequest): boolean {
  return source.kind === 'statistics';
}

/** Tiles → what the views want of their own cells. */
function tileGraph(whole: FoldedNetwork, all: readonly ViewRequest[], way: TileWay): Graph {
  const graph = new Graph();
  const pixels = addPixels(graph);
  const { network, views } = foldWhitening(whole, all.filter(readsLayer));
  const crops = new Map<number, Crop>();
  for (const view of way.cropped ? views : []) {
    const place = (name: string) => graph.input(`${view.name}.${name}`, 'int32');
    crops.set(layerOf(view), { begin: place('begin'), size: place('size') });
  }
  const taps = addNetwork(graph, network, pixels, new Set(views.map(layerOf)), (layer) =>
    crops.get(layer),
  );
  for (const view of views) addOutput(graph, view, taps.get(layerOf(view)) as Ref);
  if (way.statistics) addStatisticsOutputs(graph, pixels, all);
  return graph;
}

function addStatisticsOutputs(graph: Graph, pixels: Ref, views: readonly ViewRequest[]): void {
  const cells = addStatistics(graph, pixels);
  for (const view of views) {
    if (view.source.kind === 'statistics') addOutput(graph, view, cells[view.source.window]);
  }
}

function statisticsGraph(view: ViewRequest): Graph {
  const graph = new Graph();
  const cells = graph.input('cells', 'float32');
  addOutput(graph, view, graph.reshape(cells, graph.integers([-1, view.dim])));
  return graph;
}

function addOutput(graph: Graph, view: ViewRequest, embeddings: Ref): void {
  graph.output(addHead(graph, view, embeddings), outputOf(view));
}

/** Where the own cells lie; views of one layer share them. */
function cropFeeds(views: readonly ViewRequest[], windows: readonly CellWindow[]) {
  const feeds: Record<string, Feed> = {};
  for (const [i, view] of views.entries()) {
    const { row, col, rows, cols } = windows[i];
    feeds[`${view.name}.begin`] = Int32Array.of(0, row, col, 0);
    feeds[`${view.name}.size`] = Int32Array.of(-1, rows, cols, -1);
  }
  return feeds;
}

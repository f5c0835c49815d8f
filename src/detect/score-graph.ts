/**
 * A detector as one graph, from the pixels of frames to their score grids: what `Detector` computes
 * with an encoder, without one.
 */
import type { ViewRequest } from '../backend/encoder.js';
import { Graph, type Ref } from '../backend/onnx/graph.js';
import { addHead } from '../backend/onnx/heads.js';
import { addNetwork } from '../backend/onnx/network.js';
import { addStatistics } from '../backend/onnx/statistics.js';
import { foldWhitening } from '../backend/whitening.js';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { type Density, kernelTerms, type LocationDensity } from '../density/density.js';
import type { ViewSpec } from '../model/manifest.js';
import { scoringRequest } from './detector.js';

/** What `scoreGraph` is made of. */
export interface Scoring {
  readonly network: FoldedNetwork;
  readonly views: readonly ViewSpec[];
  readonly densities: readonly Density[];
  /** Less the quiet level of each frame (`quietLevel`). */
  readonly centred: boolean;
}

const STRIDE = 4;

/** uint8 `pixels` [frames, height, width, 3], RGB → float32 `scores` [frames, rows, cols] */
export function scoreGraph({ network: whole, views, densities, centred }: Scoring): Graph {
  const graph = new Graph();
  const pixels = graph.input('pixels', 'uint8', ['frames', 'height', 'width', 3]);
  const wanted = views.map(({ name }, v) => scoringRequest(whole, name, densities[v]));
  const { network, views: requests } = foldWhitening(whole, wanted);
  const embeddingsOf = addEmbeddings(graph, network, requests, pixels);
  const size = graph.add('Shape', [pixels]);
  const shallowest = Math.min(...views.map((view) => view.receptiveField));
  const grids = views.map((view, v) => {
    const cells = addScores(graph, requests[v], densities[v], embeddingsOf(requests[v]));
    const { mean, deviation } = view.standard;
    const standardised = affine(graph, cells, 1 / deviation, -mean / deviation);
    const grid = asGrid(graph, standardised, size, view.receptiveField);
    return extended(graph, grid, (view.receptiveField - shallowest) / (2 * STRIDE));
  });
  const sum = graph.add('Sum', grids);
  const scores = centred ? graph.add('Sub', [sum, quietLevels(graph, sum)]) : sum;
  graph.output(scores, 'scores', 'float32', ['frames', 'rows', 'cols']);
  return graph;
}

/** The ⌈n/4⌉-th smallest of the n scores of each frame [frames, rows, cols] → [frames, 1, 1] */
function quietLevels(graph: Graph, scores: Ref): Ref {
  const cells = graph.add('Flatten', [scores]); // [frames, n]
  const n = graph.add('Shape', [cells], { start: 1 });
  const count = graph.add('Div', [graph.add('Add', [n, graph.integers([3])]), graph.integers([4])]);
  const quarter = graph.lowest(cells, count);
  const level = graph.add('ReduceMax', [quarter, graph.integers([1])], { keepdims: 1 });
  return graph.add('Unsqueeze', [level, graph.integers([2])]);
}

/** → where the embeddings [cells, dim] of a view are */
function addEmbeddings(
  graph: Graph,
  network: FoldedNetwork,
  requests: readonly ViewRequest[],
  pixels: Ref,
): (request: ViewRequest) => Ref {
  const layers = new Set(
    requests.flatMap(({ source }) => (source.kind === 'layer' ? [source.layer] : [])),
  );
  const none = new Map<number, Ref>();
  const taps =
    layers.size === 0 ? none : addNetwork(graph, network, pixels, layers, () => undefined);
  const wantsStatistics = requests.some(({ source }) => source.kind === 'statistics');
  const statistics = wantsStatistics ? addStatistics(graph, pixels) : undefined;
  return ({ source }) => {
    const from = source.kind === 'layer' ? taps.get(source.layer) : statistics?.[source.window];
    return from as Ref;
  };
}

/** Scores of embeddings [cells, dim] under a density, as `score` has them: [cells, 1]. */
function addScores(graph: Graph, request: ViewRequest, density: Density, embeddings: Ref): Ref {
  if (density.kind === 'location') return locationScores(graph, density, embeddings);
  const values = addHead(graph, request, embeddings);
  if (density.kind === 'nearest') return values;
  const squared = graph.add('Relu', [values]); // rounding can make it slightly negative
  if (density.kind === 'gaussian') return graph.add('Sqrt', [squared]);
  const { scale, logNorm } = kernelTerms(density);
  const exponents = affine(graph, squared, -scale, 0);
  const logSum = graph.add('ReduceLogSumExp', [exponents, graph.integers([1])], { keepdims: 1 });
  return affine(graph, logSum, -1, logNorm);
}

/** Mahalanobis distances, for each place by its own Gaussian. */
function locationScores(graph: Graph, density: LocationDensity, embeddings: Ref): Ref {
  const { rows, cols, dim, mean, whitening } = density;
  const cells = rows * cols;
  const means = graph.floats(mean, [cells, dim, 1]);
  const byCell = graph.add('Reshape', [embeddings, graph.integers([-1, cells, dim, 1])]);
  const centred = graph.add('Sub', [byCell, means]);
  const z = graph.add('MatMul', [graph.floats(whitening, [cells, dim, dim]), centred]);
  return graph.add('ReduceL2', [z, graph.integers([2])], { keepdims: 1 });
}

function affine(graph: Graph, values: Ref, gain: number, offset: number): Ref {
  return graph.add('Add', [graph.add('Mul', [values, graph.scalar(gain)]), graph.scalar(offset)]);
}

/** [cells, 1] → [frames, rows, cols], rows = ⌊(height − receptive field) / 4⌋ + 1 and cols likewise */
function asGrid(graph: Graph, cells: Ref, size: Ref, receptiveField: number): Ref {
  const sides = graph.add('Gather', [size, graph.integers([1, 2])]);
  const rest = graph.add('Sub', [sides, graph.integers([receptiveField])]);
  const steps = graph.add('Div', [rest, graph.integers([STRIDE])]);
  const grid = graph.add('Add', [steps, graph.integers([1])]);
  const frames = graph.add('Gather', [size, graph.integers([0])]);
  return graph.add('Reshape', [cells, graph.add('Concat', [frames, grid], { axis: 0 })]);
}

/** The edge cells repeated outwards, onto the lattice of the shallowest view. */
function extended(graph: Graph, grid: Ref, by: number): Ref {
  if (by === 0) return grid;
  const pads = graph.integers([0, by, by, 0, by, by]);
  return graph.add('Pad', [grid, pads], { mode: { text: 'edge' } });
}

/** What a view makes of embeddings, as operators. */
import { centreMap } from '../centres.js';
import type { LinearMap, ViewRequest } from '../encoder.js';
import type { Graph, Ref } from './graph.js';

/** What a view reads of each of n cells. */
export interface Reading {
  readonly values: Ref; // [n, numbers]
  readonly nearest?: Ref; // int64 [n]
}

/** What the view wants of embeddings [n, dim], or of whitened ones where the network whitens them. */
export function addHead(
  graph: Graph,
  { dim, whiten, want }: Pick<ViewRequest, 'dim' | 'whiten' | 'want'>,
  embeddings: Ref,
): Reading {
  const z = whiten === undefined ? embeddings : linear(graph, embeddings, whiten);
  if (want.kind === 'embedding') return { values: z };
  const cells = graph.integers([1]); // the axis of a cell's numbers
  const norms = graph.add('ReduceSumSquare', [z, cells], { keepdims: 1 });
  if (!('centres' in want)) return { values: norms };
  const closeness = linear(graph, z, centreMap(want.centres, dim));
  if (want.kind === 'squaredDistances') {
    return { values: graph.add('Sub', [norms, closeness]) };
  }
  const best = graph.add('ReduceMax', [closeness, cells], { keepdims: 1 });
  return {
    values: graph.add('Sub', [norms, best]),
    nearest: graph.add('ArgMax', [closeness], { axis: 1, keepdims: 0 }),
  };
}

function linear(graph: Graph, rows: Ref, { inputs, outputs, weights, bias }: LinearMap): Ref {
  const matrix = graph.floats(weights, [inputs, outputs]);
  return graph.add('Gemm', [rows, matrix, graph.floats(bias, [outputs])]);
}

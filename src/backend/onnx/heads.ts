/** What a view makes of embeddings, as operators. */
import { centreMap } from '../centres.js';
import type { LinearMap, ViewRequest } from '../encoder.js';
import type { Graph, Ref } from './graph.js';

/**
 * What the view wants of embeddings [n, dim], or of whitened ones where the network whitens them.
 *
 * @returns [n, numbers]
 */
export function addHead(
  graph: Graph,
  { dim, whiten, want }: Pick<ViewRequest, 'dim' | 'whiten' | 'want'>,
  embeddings: Ref,
): Ref {
  const z = whiten === undefined ? embeddings : linear(graph, embeddings, whiten);
  if (want.kind === 'embedding') return z;
  const cells = graph.integers([1]); // the axis of a cell's numbers
  const norms = graph.add('ReduceSumSquare', [z, cells], { keepdims: 1 });
  if (!('centres' in want)) return norms;
  const closeness = linear(graph, z, centreMap(want.centres, dim));
  if (want.kind === 'squaredDistances') return graph.add('Sub', [norms, closeness]);
  const best = graph.add('ReduceMax', [closeness, cells], { keepdims: 1 });
  const squared = graph.add('Relu', [graph.add('Sub', [norms, best])]); // rounding: below 0
  const nearest = graph.add('ArgMax', [closeness], { axis: 1, keepdims: 1 });
  const ofCentre = (table: Float32Array): Ref =>
    graph.add('Gather', [graph.floats(table, [table.length]), nearest]);
  const scaled = graph.add('Mul', [graph.add('Sqrt', [squared]), ofCentre(want.slope)]);
  return graph.add('Add', [scaled, ofCentre(want.intercept)]);
}

function linear(graph: Graph, rows: Ref, { inputs, outputs, weights, bias }: LinearMap): Ref {
  const matrix = graph.floats(weights, [inputs, outputs]);
  return graph.add('Gemm', [rows, matrix, graph.floats(bias, [outputs])]);
}

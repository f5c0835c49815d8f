/** What a view makes of embeddings, as operators. */
import { centreMap } from '../../centres.js';
import type { LinearMap, ViewRequest } from '../../encoder.js';
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
  const axis = graph.integers([1]);
  const keep = { keep_dims: { flag: true } };
  const norms = graph.add('Sum', [graph.add('Square', [z]), axis], keep);
  if (!('centres' in want)) return norms;
  const closeness = linear(graph, z, centreMap(want.centres, dim));
  if (want.kind === 'squaredDistances') return graph.add('Sub', [norms, closeness]);
  const best = graph.add('Max', [closeness, axis], keep);
  const squared = graph.add('Relu', [graph.add('Sub', [norms, best])]); // rounding: below 0
  const nearest = graph.add('ArgMax', [closeness, graph.scalar(1)], {
    output_type: { type: 'int32' },
  });
  const ofCentre = (table: Float32Array): Ref =>
    graph.rows(graph.floats(table, [table.length, 1]), nearest);
  const scaled = graph.add('Mul', [graph.add('Sqrt', [squared]), ofCentre(want.slope)]);
  return graph.add('AddV2', [scaled, ofCentre(want.intercept)]);
}

function linear(graph: Graph, rows: Ref, { inputs, outputs, weights, bias }: LinearMap): Ref {
  const product = graph.add('MatMul', [rows, graph.floats(weights, [inputs, outputs])]);
  return graph.add('BiasAdd', [product, graph.floats(bias, [outputs])]);
}

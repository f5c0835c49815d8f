/** What a view makes of embeddings, as operators. */
import { centreMap } from '../../centres.js';
import type { LinearMap, ViewRequest } from '../../encoder.js';
import type { Graph, Ref } from './graph.js';

/** What a view reads of each of n cells. */
export interface Reading {
  readonly values: Ref; // [n, numbers]
  readonly nearest?: Ref; // int32 [n]
}

/** What the view wants of embeddings [n, dim], or of whitened ones where the network whitens them. */
export function addHead(
  graph: Graph,
  { dim, whiten, want }: Pick<ViewRequest, 'dim' | 'whiten' | 'want'>,
  embeddings: Ref,
): Reading {
  const z = whiten === undefined ? embeddings : linear(graph, embeddings, whiten);
  if (want.kind === 'embedding') return { values: z };
  const axis = graph.integers([1]);
  const keep = { keep_dims: { flag: true } };
  const norms = graph.add('Sum', [graph.add('Square', [z]), axis], keep);
  if (!('centres' in want)) return { values: norms };
  const closeness = linear(graph, z, centreMap(want.centres, dim));
  if (want.kind === 'squaredDistances') return { values: graph.add('Sub', [norms, closeness]) };
  const best = graph.add('Max', [closeness, axis], keep);
  const nearest = graph.add('ArgMax', [closeness, graph.scalar(1)], {
    output_type: { type: 'int32' },
  });
  return { values: graph.add('Sub', [norms, best]), nearest };
}

function linear(graph: Graph, rows: Ref, { inputs, outputs, weights, bias }: LinearMap): Ref {
  const product = graph.add('MatMul', [rows, graph.floats(weights, [inputs, outputs])]);
  return graph.add('BiasAdd', [product, graph.floats(bias, [outputs])]);
}

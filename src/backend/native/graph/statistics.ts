/** The hand-made views as operators: see ../../walsh.ts. */
import { CHANNELS } from '../../../frame/block-sums.js';
import { STATISTICS } from '../../../frame/statistics.js';
import {
  EDGES,
  EXTREME_SCALES,
  type Filter,
  GREYS,
  meanScales,
  multiplied,
  PIXEL_CHANNELS,
  walsh,
  withoutFirst,
} from '../../walsh.js';
import type { Graph, Ref } from './graph.js';

/** Areas of one size, [n, rows, cols, 6] each. */
interface Areas {
  readonly sums: Ref;
  readonly spreads: Ref;
}

/**
 * @param pixels [n, h, w, 3], 0 … 255
 * @returns the statistics of windows of 8 and 16 px, each [cells, 14]
 */
export function addStatistics(graph: Graph, pixels: Ref): Readonly<Record<8 | 16, Ref>> {
  const greys = convolve(graph, 'Conv2D', pixels, GREYS);
  const border = graph.integers([0, 0, 1, 1, 1, 1, 0, 0], [4, 2]);
  const bordered = graph.add('MirrorPad', [greys, border], {
    Tpaddings: { type: 'int32' },
    mode: { text: 'SYMMETRIC' },
  });
  const edges = graph.add('Abs', [convolve(graph, 'DepthwiseConv2dNative', bordered, EDGES)]);
  const blocks = areas(graph, joined(graph, [pixels, edges]), PIXEL_CHANNELS, 4, 1, 4);
  const of8 = grown(graph, blocks, 1);
  const of16 = grown(graph, of8, 2);
  const extremes = highest(graph, greys, 4, 4);
  return {
    8: describe(graph, of8, highest(graph, extremes, 2, 1), 8),
    16: describe(graph, of16, highest(graph, extremes, 4, 1), 16),
  };
}

/** Sums, and spreads but for what the parts spread by themselves. */
function areas(
  graph: Graph,
  parts: Ref,
  channels: number,
  side: number,
  step: number,
  stride: number,
): Areas {
  const filter = walsh(channels, side, step);
  const coefficients = convolve(graph, 'DepthwiseConv2dNative', parts, filter, stride);
  const squares = graph.add('Square', [coefficients]);
  const spreads = convolve(graph, 'Conv2D', squares, withoutFirst(channels, side));
  return { sums: everyNth(graph, coefficients, side * side), spreads };
}

/** Each area of twice the side, in the steps of `parts`: each of four that tile it, `step` apart. */
function grown(graph: Graph, parts: Areas, step: number): Areas {
  const { sums, spreads } = areas(graph, parts.sums, CHANNELS, 2, step, 1);
  const within = convolve(graph, 'DepthwiseConv2dNative', parts.spreads, multiplied(2, step));
  return { sums, spreads: graph.add('AddV2', [spreads, within]) };
}

/** Means, deviations, smallest and largest grey, on the scale 0..1. */
function describe(graph: Graph, { sums, spreads }: Areas, extremes: Ref, side: number): Ref {
  const scales = graph.floats(meanScales(side), [CHANNELS]);
  const numbers = joined(graph, [
    graph.add('Mul', [sums, scales]),
    graph.add('Mul', [graph.add('Sqrt', [spreads]), scales]),
    graph.add('Mul', [extremes, graph.floats(EXTREME_SCALES, [2])]),
  ]);
  return graph.reshape(numbers, graph.integers([-1, STATISTICS]));
}

function convolve(
  graph: Graph,
  operator: 'Conv2D' | 'DepthwiseConv2dNative',
  x: Ref,
  { data, shape }: Filter,
  stride = 1,
): Ref {
  return graph.add(operator, [x, graph.floats(data, shape)], {
    strides: { integers: [1, stride, stride, 1] },
    padding: { text: 'VALID' },
  });
}

/** The highest of side × side places. */
function highest(graph: Graph, x: Ref, side: number, stride: number): Ref {
  return graph.add('MaxPool', [x], {
    ksize: { integers: [1, side, side, 1] },
    strides: { integers: [1, stride, stride, 1] },
    padding: { text: 'VALID' },
  });
}

function joined(graph: Graph, parts: readonly Ref[]): Ref {
  return graph.add('ConcatV2', [...parts, graph.scalar(3)], {
    N: { integer: parts.length },
    Tidx: { type: 'int32' },
  });
}

/** Each nth channel, six of them. */
function everyNth(graph: Graph, x: Ref, n: number): Ref {
  const [from, to] = [graph.integers([0, 0]), graph.integers([0, CHANNELS * n])];
  return graph.add('StridedSlice', [x, from, to, graph.integers([1, n])], {
    Index: { type: 'int32' },
    ellipsis_mask: { integer: 1 }, // all axes but the last
  });
}

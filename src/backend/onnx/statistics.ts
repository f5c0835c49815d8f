/**
 * The hand-made views as operators: what frame/statistics.ts computes, in the same integers and
 * float64, so that a graph can start from pixels.
 */
import { BLOCK, CHANNELS, COLOUR, GREY } from '../../frame/block-sums.js';
import { STATISTICS } from '../../frame/statistics.js';
import type { Graph, Ref } from './graph.js';

/** Sums [n, rows, cols, 12] in float64, extremes of grey [n, rows, cols, 1] in int32. */
interface Areas {
  readonly sums: Ref;
  readonly min: Ref;
  readonly max: Ref;
}

/** Row and column are the axes 1 and 2 of all that is made here. */
const ROW_AND_COLUMN = [1, 2];
/** Beyond the end of any axis. */
const END = 2 ** 31 - 1;

/**
 * @param pixels uint8 [n, h, w, 3]
 * @returns the statistics of windows of 8 and 16 px, each [cells, 14]
 */
export function addStatistics(graph: Graph, pixels: Ref): Readonly<Record<8 | 16, Ref>> {
  const blocks = addBlocks(graph, pixels);
  const of8 = quadruples(graph, blocks, 1);
  const of16 = quadruples(graph, of8, 2);
  return { 8: describe(graph, of8, 8), 16: describe(graph, of16, 16) };
}

/** Areas of 4×4 px. */
function addBlocks(graph: Graph, pixels: Ref): Areas {
  const colours = graph.cast(pixels, 'int32');
  const grey = graph.add('ReduceSum', [colours, graph.integers([3])], { keepdims: 1 });
  const channels = graph.add('Concat', [colours, ...edges(graph, grey)], { axis: 3 });
  const squares = graph.add('Mul', [channels, channels]);
  const both = graph.add('Concat', [channels, squares], { axis: 3 });
  const cut = blocksOf(graph, pixels);
  const within = graph.integers([2, 4]); // the places of a block's pixels
  const reduce = (operator: string, values: Ref, width: number): Ref =>
    graph.add(operator, [cut(values, width), within], { keepdims: 0 });
  return {
    sums: graph.cast(reduce('ReduceSum', both, 2 * CHANNELS), 'float64'),
    min: reduce('ReduceMin', grey, 1),
    max: reduce('ReduceMax', grey, 1),
  };
}

/** |∂x|, |∂y| and |laplacian| of grey [n, h, w, 1], the border repeated. */
function edges(graph: Graph, grey: Ref): Ref[] {
  const pads = graph.integers([0, 1, 1, 0, 0, 1, 1, 0]);
  const bordered = graph.add('Pad', [grey, pads], { mode: { text: 'edge' } });
  const west = part(graph, bordered, [1, 0], [-1, -2]);
  const east = part(graph, bordered, [1, 2], [-1, END]);
  const north = part(graph, bordered, [0, 1], [-2, -1]);
  const south = part(graph, bordered, [2, 1], [END, -1]);
  const sum = (a: Ref, b: Ref): Ref => graph.add('Add', [a, b]);
  const distance = (a: Ref, b: Ref): Ref => graph.add('Abs', [graph.add('Sub', [a, b])]);
  const around = sum(sum(west, east), sum(north, south));
  const twice = sum(grey, grey);
  return [distance(east, west), distance(south, north), distance(around, sum(twice, twice))];
}

/** Cuts values [n, h, w, width] into whole blocks: [n, h / 4, 4, w / 4, 4, width]. */
function blocksOf(graph: Graph, pixels: Ref): (values: Ref, width: number) => Ref {
  const axes = graph.integers(ROW_AND_COLUMN);
  const block = graph.integers([BLOCK]);
  const size = graph.add('Gather', [graph.add('Shape', [pixels]), axes]);
  const counts = graph.add('Div', [size, block]);
  const whole = graph.add('Mul', [counts, block]);
  const count = (axis: number): Ref => graph.add('Gather', [counts, graph.integers([axis])]);
  const start = graph.integers([0, 0]);
  return (values, width) => {
    const shape = [graph.integers([0]), count(0), block, count(1), block, graph.integers([width])];
    const cropped = graph.add('Slice', [values, start, whole, axes]);
    return graph.add('Reshape', [cropped, graph.add('Concat', shape, { axis: 0 })]);
  };
}

/** Areas of twice the side: each of four that tile it, `step` apart. */
function quadruples(graph: Graph, { sums, min, max }: Areas, step: number): Areas {
  const corners = (values: Ref): Ref[] => {
    const corner = (row: number, col: number): Ref =>
      part(graph, values, [row, col], [row === 0 ? -step : END, col === 0 ? -step : END]);
    return [corner(0, 0), corner(0, step), corner(step, 0), corner(step, step)];
  };
  return {
    sums: graph.add('Sum', corners(sums)),
    min: graph.add('Min', corners(min)),
    max: graph.add('Max', corners(max)),
  };
}

/** Means, deviations, smallest and largest grey of windows, on the scale 0..1: [cells, 14]. */
function describe(graph: Graph, { sums, min, max }: Areas, side: number): Ref {
  const count = side * side;
  const scale = [COLOUR, COLOUR, COLOUR, GREY, GREY, GREY].map((full) => 1 / (count * full));
  const scales = graph.doubles(scale);
  const [sum, squares] = graph.split(sums, [CHANNELS, CHANNELS], 3);
  const product = (a: Ref, b: Ref): Ref => graph.add('Mul', [a, b]);
  // n Σq² − (Σq)² of integers: exact, and never negative.
  const spread = graph.add('Sub', [product(squares, graph.doubles([count])), product(sum, sum)]);
  const share = (grey: Ref): Ref => product(graph.cast(grey, 'float64'), graph.doubles([1 / GREY]));
  const numbers = [
    product(sum, scales),
    product(graph.add('Sqrt', [spread]), scales),
    share(min),
    share(max),
  ];
  const described = graph.cast(graph.add('Concat', numbers, { axis: 3 }), 'float32');
  return graph.add('Reshape', [described, graph.integers([-1, STATISTICS])]);
}

/** Rows and columns from … to. */
function part(graph: Graph, values: Ref, from: readonly number[], to: readonly number[]): Ref {
  const axes = graph.integers(ROW_AND_COLUMN);
  return graph.add('Slice', [values, graph.integers(from), graph.integers(to), axes]);
}

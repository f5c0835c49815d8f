/**
 * The hand-made views as tensors: what frame/statistics.ts computes, for a GPU, from the pixels that
 * are on it already.
 *
 * In float32, where n Σq² − (Σq)² would lose what a flat window deviates by. So squares are summed up
 * of differences: of four areas of m pixels each, with sums S and spreads D = m Σq² − S², the area of
 * all has the spread 4 ΣD + a² + b² + c², where a, b and c are the Haar differences of the four S.
 * Nothing is subtracted that is nearly the same, and sums are integers below 2²⁴, hence exact.
 */
import * as tf from '@tensorflow/tfjs-core';
import { CHANNELS, COLOUR, GREY } from '../frame/block-sums.js';

/** Areas of one size: sums and spreads [n, rows, cols, 6], extremes of grey [n, rows, cols, 1]. */
interface Areas {
  readonly sums: tf.Tensor4D;
  readonly spreads: tf.Tensor4D;
  readonly min: tf.Tensor4D;
  readonly max: tf.Tensor4D;
}

/**
 * @param pixels [n, h, w, 3], 0 … 255
 * @returns the statistics of windows of 8 and 16 px, each [n, rows, cols, 14] as in frame/statistics.ts
 */
export function statisticsTensors(pixels: tf.Tensor4D): Readonly<Record<8 | 16, tf.Tensor4D>> {
  const blocks = halved(halved(areasOfPixels(wholeBlocks(pixels))));
  const of8 = overlapping(blocks, 1);
  return { 8: describe(of8, 8), 16: describe(overlapping(of8, 2), 16) };
}

/** R, G, B, |∂x|, |∂y| and |laplacian| of the grey R + G + B, the border repeated. */
function areasOfPixels({ pixels, rows, cols }: ReturnType<typeof wholeBlocks>): Areas {
  const grey = tf.sum<tf.Tensor4D>(pixels, 3, true);
  const bordered = tf.mirrorPad(grey, BORDER, 'symmetric');
  const [height, width] = [grey.shape[1], grey.shape[2]];
  const [north, west] = [part(bordered, 0, 1, height, width), part(bordered, 1, 0, height, width)];
  const [south, east] = [part(bordered, 2, 1, height, width), part(bordered, 1, 2, height, width)];
  const around = tf.add(tf.add(west, east), tf.add(north, south));
  const edges = [tf.sub(east, west), tf.sub(south, north), tf.sub(around, tf.mul(grey, 4))];
  const channels = tf.concat([pixels, ...edges.map((edge) => tf.abs(edge) as tf.Tensor4D)], 3);
  const sums = part(channels, 0, 0, rows, cols);
  const inside = part(grey, 0, 0, rows, cols);
  return { sums, spreads: tf.zerosLike(sums), min: inside, max: inside };
}

const BORDER: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

/** How much of a frame is whole blocks of 4×4; edges are taken of all of it. */
function wholeBlocks(pixels: tf.Tensor4D) {
  const [, height, width] = pixels.shape;
  return { pixels, rows: height - (height % 4), cols: width - (width % 4) };
}

/** Each area of twice the side, side by side. */
function halved(areas: Areas): Areas {
  const corner = (row: number, col: number) => (x: tf.Tensor4D) =>
    tf.stridedSlice(x, [0, row, col, 0], x.shape, [1, 2, 2, 1]) as tf.Tensor4D;
  return joined(areas, [corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)]);
}

/** Each area of twice the side, in the steps of `areas`: each of four that tile it, `step` apart. */
function overlapping(areas: Areas, step: number): Areas {
  const [, rows, cols] = areas.min.shape;
  const corner = (row: number, col: number) => (x: tf.Tensor4D) =>
    part(x, row, col, rows - step, cols - step);
  return joined(areas, [corner(0, 0), corner(0, step), corner(step, 0), corner(step, step)]);
}

type Corner = (x: tf.Tensor4D) => tf.Tensor4D;

function joined({ sums, spreads, min, max }: Areas, corners: readonly Corner[]): Areas {
  const [a, b, c, d] = corners.map((corner) => corner(sums));
  const [above, below] = [tf.add(a, b), tf.add(c, d)];
  const [acrossAbove, acrossBelow] = [tf.sub(a, b), tf.sub(c, d)];
  const differences = [
    tf.sub<tf.Tensor4D>(above, below),
    tf.add<tf.Tensor4D>(acrossAbove, acrossBelow),
    tf.sub<tf.Tensor4D>(acrossAbove, acrossBelow),
  ];
  const within = tf.mul<tf.Tensor4D>(tf.addN(corners.map((corner) => corner(spreads))), 4);
  return {
    sums: tf.add(above, below),
    spreads: tf.addN([within, ...differences.map((difference) => tf.square(difference))]),
    min: corners.map((corner) => corner(min)).reduce((x, y) => tf.minimum(x, y)),
    max: corners.map((corner) => corner(max)).reduce((x, y) => tf.maximum(x, y)),
  };
}

/** Means, deviations, smallest and largest grey, on the scale 0..1. */
function describe({ sums, spreads, min, max }: Areas, side: number): tf.Tensor4D {
  const scales = tf.tensor1d(
    Array.from({ length: CHANNELS }, (_, c) => 1 / (side * side * (c < 3 ? COLOUR : GREY))),
  );
  const extremes = [min, max].map((grey) => tf.mul(grey, 1 / GREY) as tf.Tensor4D);
  return tf.concat([tf.mul(sums, scales), tf.mul(tf.sqrt(spreads), scales), ...extremes], 3);
}

function part(x: tf.Tensor4D, row: number, col: number, rows: number, cols: number): tf.Tensor4D {
  return tf.slice(x, [0, row, col, 0], [x.shape[0], rows, cols, x.shape[3]]);
}

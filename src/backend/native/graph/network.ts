/** The folded network as operators: pixels in, what its layers say out. */
import type { FoldedLayer, FoldedNetwork } from '../../../cutpaste/network.js';
import type { Graph, Ref } from './graph.js';

/** Places of a layer's own cells: what a tile answers for (see localize/tiling.ts). */
export interface Crop {
  readonly begin: Ref; // int32 [4]
  readonly size: Ref; // int32 [4]; −1: all that follow
}

/**
 * Convolutions up to the deepest layer that is tapped; none where none is.
 *
 * @param pixels [n, h, w, 3], 0 … 255
 * @param taps indices of layers
 * @param cropOf where only some cells of a layer are wanted
 * @returns the outputs of the tapped layers before their ReLU [cells, channels], cells in the order
 *   tile, row, column
 */
export function addNetwork(
  graph: Graph,
  network: FoldedNetwork,
  pixels: Ref,
  taps: ReadonlySet<number>,
  cropOf: (layer: number) => Crop | undefined,
): Map<number, Ref> {
  const outputs = new Map<number, Ref>();
  const last = Math.max(...taps);
  let x = pixels;
  let inputs = 3;
  network.slice(0, last + 1).forEach((layer, index) => {
    const y = convolution(graph, x, layer, inputs);
    if (taps.has(index)) outputs.set(index, rows(graph, y, layer.channels, cropOf(index)));
    if (index < last) x = graph.add('Relu', [y]);
    inputs = layer.channels;
  });
  return outputs;
}

function convolution(graph: Graph, x: Ref, layer: FoldedLayer, inputs: number): Ref {
  const { kernel, stride, channels, filter, bias } = layer;
  const weights = graph.floats(filter, [kernel, kernel, inputs, channels]);
  const y = graph.add('Conv2D', [x, weights], {
    strides: { integers: [1, stride, stride, 1] },
    padding: { text: 'VALID' },
  });
  return graph.add('BiasAdd', [y, graph.floats(bias, [channels])]);
}

/** [n, rows, cols, channels] → [cells, channels] */
function rows(graph: Graph, y: Ref, channels: number, crop: Crop | undefined): Ref {
  const own =
    crop === undefined
      ? y
      : graph.add('Slice', [y, crop.begin, crop.size], { Index: { type: 'int32' } });
  return graph.reshape(own, graph.integers([-1, channels]));
}

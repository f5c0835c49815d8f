/** The folded network as operators: bytes in, what its layers say out. */
import type { FoldedLayer, FoldedNetwork } from '../../cutpaste/network.js';
import type { Graph, Ref } from './graph.js';

/** Places of a layer's own cells: what a tile answers for (see localize/tiling.ts). */
export interface Crop {
  readonly from: Ref; // int64 [2], row and column
  readonly to: Ref; // int64 [2], the first ones beyond
}

/**
 * Convolutions up to the deepest layer that is tapped.
 *
 * @param pixels uint8 [n, h, w, 3]
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
  let x = graph.add('Transpose', [graph.cast(pixels, 'float32')], { perm: [0, 3, 1, 2] });
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
  const { kernel, stride, channels, bias } = layer;
  const filter = graph.floats(channelsFirst(layer, inputs), [channels, inputs, kernel, kernel]);
  return graph.add('Conv', [x, filter, graph.floats(bias, [channels])], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
  });
}

/** [kernel, kernel, inputs, channels] → [channels, inputs, kernel, kernel] */
function channelsFirst({ kernel, channels, filter }: FoldedLayer, inputs: number): Float32Array {
  const area = kernel * kernel;
  const out = new Float32Array(filter.length);
  let from = 0;
  for (let place = 0; place < area; place++) {
    for (let input = 0; input < inputs; input++) {
      for (let channel = 0; channel < channels; channel++) {
        out[(channel * inputs + input) * area + place] = filter[from++];
      }
    }
  }
  return out;
}

/** [n, channels, rows, cols] → [cells, channels] */
function rows(graph: Graph, y: Ref, channels: number, crop: Crop | undefined): Ref {
  const own =
    crop === undefined ? y : graph.add('Slice', [y, crop.from, crop.to, graph.integers([2, 3])]);
  const channelsLast = graph.add('Transpose', [own], { perm: [0, 2, 3, 1] });
  return graph.add('Reshape', [channelsLast, graph.integers([-1, channels])]);
}

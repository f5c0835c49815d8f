/** Linear maps that follow one another, made one: for graphs, where nothing reads what lies between. */
import type { FoldedLayer, FoldedNetwork } from '../cutpaste/network.js';
import { type LinearMap, layerOf, type ViewRequest } from './encoder.js';

/**
 * The network whose deepest layer says whitened embeddings by itself, where only one view reads that
 * layer: one linear map after the other is one, multiplied in float64.
 */
export function foldWhitening(
  network: FoldedNetwork,
  views: readonly ViewRequest[],
): { network: FoldedNetwork; views: readonly ViewRequest[] } {
  const last = Math.max(...views.map(layerOf));
  const [reader, ...others] = views.filter((view) => layerOf(view) === last);
  if (last < 0 || others.length > 0 || reader.whiten === undefined) return { network, views };
  const { whiten, ...rest } = reader;
  return {
    network: network.with(last, chained(network[last], whiten)),
    views: views.map((view) => (view === reader ? { ...rest, dim: whiten.outputs } : view)),
  };
}

/** A layer and the linear map behind it, as one layer. */
function chained(layer: FoldedLayer, { inputs, outputs, weights, bias }: LinearMap): FoldedLayer {
  const through = (rows: Float32Array, offset: Float32Array | undefined): Float32Array => {
    const out = new Float32Array((rows.length / inputs) * outputs);
    for (let at = 0, row = 0; at < out.length; at += outputs, row += inputs) {
      for (let o = 0; o < outputs; o++) {
        let sum = offset === undefined ? 0 : offset[o]; // float64
        for (let i = 0; i < inputs; i++) sum += rows[row + i] * weights[i * outputs + o];
        out[at + o] = sum;
      }
    }
    return out;
  };
  const filter = through(layer.filter, undefined);
  return { ...layer, channels: outputs, filter, bias: through(layer.bias, bias) };
}

/** How pixels get into a graph: as bytes, which become numbers where the graph runs. */
import type { Graph, Ref } from './graph.js';
import type { Feed } from './session.js';

/** → pixels [n, h, w, 3], 0 … 255 */
export function addPixels(graph: Graph): Ref {
  const bytes = graph.input('tiles', 'uint8', 'texts');
  const size = graph.input('size', 'int32');
  const [all, channels] = [graph.integers([-1]), graph.integers([3])];
  const shape = graph.raw('ConcatV2', [all, size, channels, graph.scalar(0)], {
    T: { type: 'int32' },
    N: { integer: 3 },
    Tidx: { type: 'int32' },
  });
  const pixels = graph.reshape(bytes, shape, 'uint8');
  return graph.raw('Cast', [pixels], { SrcT: { type: 'uint8' }, DstT: { type: 'float32' } });
}

/** @param tiles [h, w, 3] each */
export function pixelFeeds(
  tiles: readonly Uint8Array[],
  height: number,
  width: number,
): Readonly<Record<string, Feed>> {
  return { tiles, size: Int32Array.of(height, width) };
}

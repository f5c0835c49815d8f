/** How pixels get into a graph: as bytes, four to an integer, made numbers where the graph runs. */
import type { Graph, Ref } from './graph.js';
import { type Feed, vector } from './session.js';

/** → pixels [n, h, w, 3], 0 … 255 */
export function addPixels(graph: Graph): Ref {
  const words = graph.input('words', 'int32', [undefined]);
  const count = graph.input('count', 'int32', [1]);
  const size = graph.input('size', 'int32', [3]);
  const fours = graph.raw('Bitcast', [words], { T: { type: 'int32' }, type: { type: 'uint8' } });
  const all = graph.reshape(fours, graph.integers([-1]), 'uint8');
  const bytes = graph.raw('Slice', [all, graph.integers([0]), count], {
    T: { type: 'uint8' },
    Index: { type: 'int32' },
  });
  const shape = graph.raw('ConcatV2', [size, graph.integers([3]), graph.scalar(0)], {
    T: { type: 'int32' },
    N: { integer: 2 },
    Tidx: { type: 'int32' },
  });
  const pixels = graph.reshape(bytes, shape, 'uint8');
  return graph.raw('Cast', [pixels], { SrcT: { type: 'uint8' }, DstT: { type: 'float32' } });
}

/** @param bytes [n, h, w, 3] */
export function pixelFeeds(
  bytes: Uint8Array,
  size: readonly [n: number, height: number, width: number],
): Readonly<Record<string, Feed>> {
  const words = wordsOf(bytes);
  return {
    words: { values: words, shape: [words.length] },
    count: vector([bytes.length]),
    size: vector(size),
  };
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % 4 === 0 && length % 4 === 0)
    return new Int32Array(buffer, byteOffset, length / 4);
  const words = new Int32Array(Math.ceil(length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

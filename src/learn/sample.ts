/** What an encoder says of good images: some cells of each, or all. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { ViewOutput, ViewRequest } from '../backend/encoder.js';
import { TensorEncoder } from '../backend/tensor-encoder.js';
import type { FoldedNetwork } from '../cutpaste/network.js';
import { prepareFrame } from '../detect/prepare.js';
import { Random } from '../random.js';
import type { GoodImage } from './images.js';

/** How a long run reports and is stopped. */
export interface Watch {
  /** Called after each image. */
  readonly onImage: () => void;
  readonly signal?: AbortSignal;
}

/**
 * Encodes images one after the other. Lets the event loop breathe between them, so that an abort is
 * seen; frees its tensors however it ends.
 */
export async function encodeImages(
  network: FoldedNetwork,
  requests: readonly ViewRequest[],
  images: readonly GoodImage[],
  { onImage, signal }: Watch,
  visit: (outputs: readonly ViewOutput[], index: number) => void,
): Promise<void> {
  const wantsStatistics = requests.some(({ source }) => source.kind === 'statistics');
  const encoder = new TensorEncoder(network, requests);
  try {
    for (const [index, { pixels }] of images.entries()) {
      const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, wantsStatistics);
      const [outputs] = await encoder.encode([input]);
      visit(outputs, index);
      onImage();
      await breathe();
      signal?.throwIfAborted();
    }
  } finally {
    encoder.dispose();
  }
}

/**
 * `perImage` random cells of each image, the same places in all views of one grid size; all of them
 * in their order where a grid has no more. → for each view [images·cells, dim]
 */
export async function sampleCells(
  network: FoldedNetwork,
  requests: readonly ViewRequest[],
  images: readonly GoodImage[],
  perImage: number,
  seed: number,
  watch: Watch,
): Promise<Float32Array[]> {
  const rows = requests.map(() => new Float32Array());
  await encodeImages(network, requests, images, watch, (outputs, n) => {
    outputs.forEach((output, v) => {
      const cells = someCells(
        output.values,
        requests[v].dim,
        perImage,
        Random.for(seed, 'cells', n),
      );
      if (n === 0) rows[v] = new Float32Array(images.length * cells.length);
      rows[v].set(cells, n * cells.length);
    });
  });
  return rows;
}

function someCells(
  embeddings: Float32Array,
  dim: number,
  count: number,
  random: Random,
): Float32Array {
  const cells = embeddings.length / dim;
  if (cells <= count) return embeddings;
  const out = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const cell = random.integer(0, cells - 1);
    out.set(embeddings.subarray(cell * dim, (cell + 1) * dim), i * dim);
  }
  return out;
}

/** The engine without its encoder: what Kafka, memory and the decoder let through. */
import { availableParallelism } from 'node:os';
import { readsStatistics } from '../../detect/detector.js';
import { patchLevel } from '../../detect/image-detector.js';
import type { DecodeThreadData } from '../../engine/decode-thread.js';
import { buffersOf } from '../../engine/reply.js';
import { MODULES } from '../../engine/stages.js';
import { Threads } from '../../engine/threads.js';
import { MAX_PIXELS } from '../../frame/decode.js';
import type { Frame, Outcome } from '../../frame/frame.js';
import type { Bundle } from '../../model/bundle.js';
import type { Judge } from '../../stream/pipeline.js';

export class DecodeJudge implements Judge {
  readonly #bundle: Bundle;
  readonly #threads: Threads<typeof import('../../engine/decode-thread.js')>;

  /** @param count threads */
  constructor(bundle: Bundle, count = availableParallelism()) {
    this.#bundle = bundle;
    const ignore = () => {};
    const events = { onDeath: ignore, onBroken: ignore }; // the task that was lost tells of it
    const data: DecodeThreadData = { models: [] }; // none is judged
    this.#threads = new Threads({ name: 'decoding', file: MODULES.decode, count, data, ...events });
  }

  async judge(frame: Frame): Promise<Outcome> {
    const { manifest, id } = this.#bundle;
    const bytes = new Uint8Array(frame.bytes);
    const { size, decodeMs } = await this.#threads.run(
      'decode',
      {
        bytes,
        encoding: frame.encoding,
        label: `frame ${frame.id}`,
        input: manifest.input,
        maxPixels: MAX_PIXELS,
        tile: Number.POSITIVE_INFINITY,
        statistics: readsStatistics(patchLevel(manifest.detector).views),
      },
      buffersOf([bytes]),
    );
    return {
      verdict: 'ok',
      score: 0,
      threshold: 1,
      regions: [],
      grid: { rows: 1, cols: 1, stride: 4, offset: 0, scores: new Float32Array(1) },
      size,
      model: { id, name: manifest.name },
      timings: { wait: 0, decode: decodeMs, encode: 0, density: 0, map: 0, overlay: 0 },
    };
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}

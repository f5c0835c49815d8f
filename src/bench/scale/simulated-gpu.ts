/** The engine with a device that is not there: frames are decoded, then wait for their turn on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, Outcome } from '../../frame/frame.js';
import type { Judge } from '../../stream/pipeline.js';

/** Takes one frame at a time and `gpuMs` for each; the processor is free meanwhile. */
export class SimulatedGpu implements Judge {
  readonly #decoder: Judge;
  readonly #gpuMs: number;
  /** When the device has done all that it was given, by `performance.now()`. */
  #freeAt = 0;

  constructor(decoder: Judge, gpuMs: number) {
    this.#decoder = decoder;
    this.#gpuMs = gpuMs;
  }

  async judge(frame: Frame): Promise<Outcome> {
    const outcome = await this.#decoder.judge(frame);
    const now = performance.now();
    this.#freeAt = Math.max(now, this.#freeAt) + this.#gpuMs; // a late timer delays none after it
    await sleep(this.#freeAt - now);
    return outcome;
  }
}

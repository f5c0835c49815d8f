/**
 * Frames in, outcomes out: decoding threads, encoder threads, verdicts. The engine knows no source
 * and no sink; whoever uses it bounds what is in flight (see stream/pipeline.ts).
 */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { BackendMemory, BackendName } from '../backend/tensorflow.js';
import { deferred } from '../deferred.js';
import { parseView } from '../detect/detector.js';
import { asPatchlineError, PatchlineError } from '../errors.js';
import { MAX_PIXELS } from '../frame/decode.js';
import type { Frame, Judgement, Outcome, Region } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import type { Bundle } from '../model/bundle.js';
import type { DecodedFrame, DecodeTask, OverlayPicture, OverlayTask } from './decode-thread.js';
import type { EncodedFrame, EncodeTask, EncodeThreadData } from './encode-thread.js';
import { Lifecycle } from './lifecycle.js';
import type { ModelSet } from './models.js';

/** Which frames get an overlay picture: it costs about as much as the encoder. */
export type OverlayPolicy = 'always' | 'anomalous' | 'never';

export interface EngineOptions {
  readonly models: ModelSet;
  /** Default `wasm`. */
  readonly backend?: BackendName;
  /** Threads that run the network. Default: one a core, since wasm uses one thread each. */
  readonly encoderThreads?: number;
  /** Threads that decode and cut. Default: one for every four encoder threads. */
  readonly decodeThreads?: number;
  /** Side of the tiles a frame is cut into, pixels; 64: the paper's patches. Default: whole frames. */
  readonly tile?: number;
  /** Frames of more pixels are rejected. */
  readonly maxPixels?: number;
  /** Asked for each frame. Default: the anomalous ones. */
  readonly overlay?: (frame: Frame) => OverlayPolicy;
}

/** As many failures of the encoder in a row mean that it is the encoder and not the frames. */
const MAX_FAILURES_IN_A_ROW = 5;

const threadFile = (name: string): string => new URL(`./${name}.js`, import.meta.url).href;

export function defaultThreads(cores = availableParallelism()): { encode: number; decode: number } {
  return { encode: cores, decode: Math.max(1, Math.round(cores / 4)) };
}

export class Engine {
  readonly lifecycle = new Lifecycle();
  readonly threads: { readonly encode: number; readonly decode: number };
  readonly #options: EngineOptions;
  readonly #failed = deferred<never>();
  #decoders: Piscina | undefined;
  #encoders: Piscina | undefined;
  #stopping: Promise<void> | undefined;
  #inFlight = 0;
  #failuresInARow = 0;
  #whenIdle: (() => void) | undefined;
  readonly #memory = new Map<number, BackendMemory>(); // by encoder thread, as last reported

  constructor(options: EngineOptions) {
    this.#options = options;
    const { encode, decode } = defaultThreads();
    this.threads = {
      encode: options.encoderThreads ?? encode,
      decode: options.decodeThreads ?? decode,
    };
    this.#failed.promise.catch(() => {}); // whoever judges sees it; nobody needs to wait for it
  }

  /** Starts all threads, loads the models into each and runs one blank frame through each. */
  async start(): Promise<void> {
    this.lifecycle.transition('starting');
    try {
      const { models, backend = 'wasm' } = this.#options;
      const data: EncodeThreadData = { backend, models: models.all };
      this.#decoders = pool('decode-thread', this.threads.decode);
      this.#encoders = pool('encode-thread', this.threads.encode, data);
      await Promise.all(Array.from({ length: this.threads.encode }, () => this.#warmUp()));
      if (this.lifecycle.state === 'starting') this.lifecycle.transition('running');
    } catch (error) {
      const failure = asPatchlineError(error, 'PL_BACKEND');
      this.#fail(failure);
      await this.#close();
      throw failure;
    }
  }

  /** What the back ends of all encoder threads hold. */
  get memory(): BackendMemory {
    let bytes = 0;
    let tensors = 0;
    for (const thread of this.#memory.values()) {
      bytes += thread.bytes;
      tensors += thread.tensors;
    }
    return { bytes, tensors };
  }

  /**
   * Judges one frame. A frame that cannot be judged is an outcome (`rejected`), not an error.
   *
   * @throws PL_STATE before the start and after the stop; the failure, if the engine has failed
   */
  async judge(frame: Frame): Promise<Outcome> {
    this.#assertOpen();
    this.#inFlight++;
    try {
      return await Promise.race([this.#judge(frame), this.#failed.promise]);
    } catch (error) {
      return this.#rejectionOf(frame, error);
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#whenIdle?.();
    }
  }

  /** From now on the engine is draining: it finishes what is there and is about to stop. */
  drain(): void {
    if (this.lifecycle.state === 'running') this.lifecycle.transition('draining');
  }

  /**
   * Finishes the frames in flight and ends the threads; after `deadlineMs` it ends them anyway and
   * rejects with PL_TIMEOUT. Idempotent: every call waits for the same stop.
   */
  stop(deadlineMs = 10_000): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    if (this.lifecycle.state === 'idle') return this.lifecycle.transition('stopped');
    if (this.lifecycle.state === 'starting') this.lifecycle.transition('draining');
    this.drain();
    const drained = this.lifecycle.ended || (await this.#untilIdle(deadlineMs));
    if (!drained) {
      const message = `${this.#inFlight} frames were not done ${deadlineMs} ms after the stop`;
      this.#fail(new PatchlineError('PL_TIMEOUT', message));
    }
    await this.#close();
    if (!drained) throw this.lifecycle.failure;
    if (this.lifecycle.state === 'draining') this.lifecycle.transition('stopped');
  }

  async #judge(frame: Frame): Promise<Judgement> {
    const admitted = performance.now();
    const bundle = this.#options.models.of(frame.camera);
    const decoded = await this.#decode(frame, bundle);
    const wantsMap = this.#options.overlay?.(frame) ?? 'anomalous';
    const encoded = await this.#encode(decoded, bundle, wantsMap);
    const picture = await this.#overlay(encoded, decoded, bundle);
    const { decodeMs, size } = decoded;
    const { encodeMs, densityMs, mapMs, verdict, score, regions, grid } = encoded;
    const overlayMs = picture?.overlayMs ?? 0;
    const work = decodeMs + encodeMs + densityMs + mapMs + overlayMs;
    return {
      verdict,
      score,
      threshold: bundle.manifest.calibration.threshold,
      regions,
      grid,
      size,
      model: { id: bundle.id, name: bundle.manifest.name },
      timings: {
        wait: Math.max(0, performance.now() - admitted - work),
        decode: decodeMs,
        encode: encodeMs,
        density: densityMs,
        map: mapMs,
        overlay: overlayMs,
      },
      ...(picture && { overlay: picture.jpeg }),
    };
  }

  async #decode(frame: Frame, { manifest }: Bundle): Promise<DecodedFrame> {
    const { tile = Number.POSITIVE_INFINITY, maxPixels = MAX_PIXELS } = this.#options;
    // An array of its own to move: a source's bytes may be part of a buffer that it still needs.
    const bytes = new Uint8Array(frame.bytes);
    const task: DecodeTask = {
      bytes,
      encoding: frame.encoding,
      label: `frame ${frame.id}`,
      input: manifest.input,
      maxPixels,
      tile,
      statistics: manifest.detector.views.some(({ name }) => parseView(name).statistics),
    };
    const options = { name: 'decode', transferList: [bytes.buffer] };
    return (this.#decoders as Piscina).run(task, options) as Promise<DecodedFrame>;
  }

  async #encode(
    { input, size }: DecodedFrame,
    bundle: Bundle,
    wantsMap: OverlayPolicy,
  ): Promise<EncodedFrame> {
    const task: EncodeTask = { model: bundle.id, input, size, wantsMap };
    const arrays = [
      ...input.groups.map((g) => g.pixels),
      input.statistics[8],
      input.statistics[16],
    ];
    const buffers = new Set(
      arrays.flatMap((a) => (a === undefined ? [] : [a.buffer as ArrayBuffer])),
    );
    const options = { name: 'encode', transferList: [...buffers] };
    try {
      const encoded = (await (this.#encoders as Piscina).run(task, options)) as EncodedFrame;
      this.#failuresInARow = 0;
      this.#memory.set(encoded.thread, encoded.memory);
      return encoded;
    } catch (error) {
      this.#countFailure(error);
      throw error;
    }
  }

  async #overlay(
    { map, verdict, regions }: EncodedFrame,
    { pixels, size }: DecodedFrame,
    { manifest }: Bundle,
  ): Promise<OverlayPicture | undefined> {
    if (map === undefined) return undefined;
    const { input, calibration } = manifest;
    const task: OverlayTask = {
      pixels: pixels ?? { ...input, data: map.input.groups[0].pixels },
      map: map.scores,
      threshold: calibration.threshold,
      quiet: calibration.quiet,
      verdict,
      regions: regions.map((region) => scaledRegion(region, size, input)),
    };
    const transferList = [task.pixels.data.buffer as ArrayBuffer, map.scores.buffer as ArrayBuffer];
    const options = { name: 'overlay', transferList };
    return (this.#decoders as Piscina).run(task, options) as Promise<OverlayPicture>;
  }

  /** Bad frames become outcomes; a failed engine throws. */
  #rejectionOf(frame: Frame, error: unknown): Outcome {
    if (this.lifecycle.failure !== undefined) throw this.lifecycle.failure;
    const { code, message } = asPatchlineError(error);
    return { verdict: 'rejected', code, message: `${message} (camera ${frame.camera})` };
  }

  /** One frame that breaks the encoder is a bad frame; five in a row are a broken encoder. */
  #countFailure(error: unknown): void {
    const failure = asPatchlineError(error, 'PL_BACKEND');
    if (failure.disposition === 'reject') return;
    this.#failuresInARow++;
    if (this.#failuresInARow < MAX_FAILURES_IN_A_ROW) return;
    const message = `the encoder failed ${MAX_FAILURES_IN_A_ROW} frames in a row: ${failure.message}`;
    this.#fail(new PatchlineError('PL_BACKEND', message, { cause: error }));
  }

  #fail(error: PatchlineError): void {
    if (this.lifecycle.ended) return;
    this.lifecycle.fail(error);
    this.#failed.reject(error);
  }

  #assertOpen(): void {
    const { state, failure } = this.lifecycle;
    if (state === 'running' || state === 'draining') return;
    throw failure ?? new PatchlineError('PL_STATE', `the engine is ${state}: it judges no frames`);
  }

  /** A blank frame for each model. As many at once as there are threads, so each gets some. */
  async #warmUp(): Promise<void> {
    for (const bundle of this.#options.models.all) {
      const { width, height } = bundle.manifest.input;
      const frame: Frame = {
        id: 'warm-up',
        camera: '',
        capturedAt: 0,
        bytes: new Uint8Array(width * height * 3),
        encoding: { kind: 'raw', width, height, channels: 3 },
        origin: { topic: '', partition: -1, offset: '' },
      };
      await this.#encode(await this.#decode(frame, bundle), bundle, 'never');
    }
  }

  async #untilIdle(deadlineMs: number): Promise<boolean> {
    if (this.#inFlight === 0) return true;
    const { promise, resolve } = deferred<boolean>();
    const timer = setTimeout(() => resolve(false), deadlineMs);
    this.#whenIdle = () => resolve(true);
    const idle = await promise;
    clearTimeout(timer);
    return idle;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#decoders?.destroy(), this.#encoders?.destroy()]);
  }
}

function pool(name: string, threads: number, data?: EncodeThreadData): Piscina {
  return new Piscina({
    filename: threadFile(name),
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled', // an idle thread blocked in Atomics.wait could not finish sharp's work
    ...(data && { workerData: data }),
  });
}

/** A region in pixels of the frame that came in, in pixels of the model's input. */
function scaledRegion(region: Region, from: Size, to: Size): Region {
  const x = to.width / from.width;
  const y = to.height / from.height;
  return {
    ...region,
    x: Math.round(region.x * x),
    y: Math.round(region.y * y),
    width: Math.max(1, Math.round(region.width * x)),
    height: Math.max(1, Math.round(region.height * y)),
  };
}

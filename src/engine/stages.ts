import type { BackendMemory } from '../backend/encoder.js';
import { parseView } from '../detect/detector.js';
import { isImageLevel } from '../detect/image-detector.js';
import { scaleRegion } from '../detect/judge.js';
import { arraysOf } from '../detect/prepare.js';
import { MAX_PIXELS } from '../frame/decode.js';
import type { Frame, Judgement } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import type { Bundle } from '../model/bundle.js';
import type { Manifest } from '../model/manifest.js';
import type { DecodedFrame, OverlayPicture } from './decode-thread.js';
import type { EncodedFrame, EncodeThreadData } from './encode-thread.js';
import type { EngineOptions, OverlayPolicy, ThreadCounts } from './options.js';
import { buffersOf } from './reply.js';
import { Threads, type ThreadsOptions } from './threads.js';

/** The modules that the threads run. */
export const MODULES = {
  decode: new URL('./decode-thread.js', import.meta.url),
  encode: new URL('./encode-thread.js', import.meta.url),
};

type DecodeThreads = Threads<typeof import('./decode-thread.js')>;
type EncodeThreads = Threads<typeof import('./encode-thread.js')>;

/** The way of a frame through the threads: decode and cut, encode and judge, draw. */
export class Stages {
  readonly #options: EngineOptions;
  readonly #encoderCount: number;
  readonly #decoders: DecodeThreads;
  readonly #encoders: EncodeThreads;
  readonly #memory = new Map<number, BackendMemory>(); // by encoder thread, as last reported

  /** Starts the threads; each encoder thread loads all models. */
  constructor(
    options: EngineOptions,
    { decode, encode }: ThreadCounts,
    modules: typeof MODULES,
    events: Pick<ThreadsOptions, 'onDeath' | 'onBroken'>,
  ) {
    const { models, backend = 'wasm' } = options;
    const data: EncodeThreadData = { backend, models: models.all };
    this.#options = options;
    this.#encoderCount = encode;
    const decoding = { name: 'decoding', file: modules.decode, count: decode };
    const encoding = { name: 'encoding', file: modules.encode, count: encode, data };
    this.#decoders = new Threads({ ...decoding, ...events });
    this.#encoders = new Threads({ ...encoding, ...events });
  }

  /** What the back ends of all encoder threads hold. */
  get memory(): BackendMemory {
    let bytes = 0;
    let tensors = 0;
    for (const id of this.#encoders.ids) {
      bytes += this.#memory.get(id)?.bytes ?? 0;
      tensors += this.#memory.get(id)?.tensors ?? 0;
    }
    return { bytes, tensors };
  }

  /**
   * Runs a blank frame of each model through each encoder thread: as many at once as there are
   * threads, and all of them free, so that each gets one.
   *
   * @throws why a thread or a model does not start
   */
  async warmUp(): Promise<void> {
    for (const bundle of this.#options.models.all) {
      const blank = blankFrame(bundle.manifest.input);
      const blanks = Array.from({ length: this.#encoderCount }, () => this.#decode(blank, bundle));
      const decoded = await Promise.all(blanks);
      await Promise.all(decoded.map((frame) => this.#encode(frame, bundle, 'never')));
    }
  }

  /** @throws PatchlineError of disposition `reject` for a bad frame, another for bad threads */
  async judge(frame: Frame): Promise<Judgement> {
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
      ...(grid && { grid }),
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

  #decode(frame: Frame, { manifest }: Bundle): Promise<DecodedFrame> {
    const { tile = Number.POSITIVE_INFINITY, maxPixels = MAX_PIXELS } = this.#options;
    // An array of its own to move: the source's bytes may be part of a buffer that it still needs.
    const bytes = new Uint8Array(frame.bytes);
    const task = {
      bytes,
      encoding: frame.encoding,
      label: `frame ${frame.id}`,
      input: manifest.input,
      maxPixels,
      ...needsOf(manifest.detector, tile),
    };
    return this.#decoders.run('decode', task, buffersOf([bytes]));
  }

  async #encode(
    { input, size }: DecodedFrame,
    bundle: Bundle,
    wantsMap: OverlayPolicy,
  ): Promise<EncodedFrame> {
    const task = { model: bundle.id, input, size, wantsMap };
    const moving = buffersOf(arraysOf(input));
    const encoded = await this.#encoders.run('encode', task, moving);
    this.#memory.set(encoded.thread, encoded.memory);
    return encoded;
  }

  async #overlay(
    { map, verdict, regions }: EncodedFrame,
    { cut, size }: DecodedFrame,
    { manifest }: Bundle,
  ): Promise<OverlayPicture | undefined> {
    const pixels = cut ?? map?.frame;
    if (map === undefined || pixels === undefined) return undefined;
    const { input, calibration } = manifest;
    const task = {
      pixels,
      map: map.scores,
      threshold: calibration.threshold,
      quiet: calibration.quiet,
      verdict,
      regions: regions.map((region) => scaleRegion(region, size, input)),
    };
    const moving = buffersOf([pixels.data, map.scores]);
    return this.#decoders.run('overlay', task, moving);
  }

  /** Ends the threads at once; frames in them reject. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([this.#decoders.close(), this.#encoders.close()]);
  }
}

/** What is prepared of a frame. A detector of whole frames takes no tiles. */
function needsOf(detector: Manifest['detector'], tile: number) {
  if (isImageLevel(detector)) return { tile: Number.POSITIVE_INFINITY, statistics: false };
  return { tile, statistics: detector.views.some(({ name }) => parseView(name).statistics) };
}

function blankFrame({ width, height }: Size): Frame {
  return {
    id: 'warm-up',
    camera: '',
    capturedAt: 0,
    bytes: new Uint8Array(width * height * 3),
    encoding: { kind: 'raw', width, height, channels: 3 },
    origin: { topic: '', partition: -1, offset: '' },
  };
}

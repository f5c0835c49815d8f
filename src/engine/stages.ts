import type { BackendMemory, EncoderInput } from '../backend/encoder.js';
import { readsStatistics } from '../detect/detector.js';
import { isImageLevel } from '../detect/image-detector.js';
import { scaleRegion } from '../detect/judge.js';
import { arraysOf } from '../detect/prepare.js';
import { MAX_PIXELS } from '../frame/decode.js';
import type { Frame, Judgement } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import type { Bundle } from '../model/bundle.js';
import type { Manifest } from '../model/manifest.js';
import { Batches, batchesAtOnce, batchesOfSize, batchSizes } from './batches.js';
import type {
  DecodedFrame,
  DecodeTask,
  DecodeThreadData,
  OverlayPicture,
} from './decode-thread.js';
import type { EncodeThreadData } from './encode-thread.js';
import { arraysOfEncoded, type EncodedFrame, type FinishedFrame } from './finish.js';
import {
  DEFAULT_BATCH,
  type EngineOptions,
  mayTakeBatches,
  type OverlayPolicy,
  type ThreadCounts,
} from './options.js';
import { buffersOf } from './reply.js';
import { Threads, type ThreadsOptions } from './threads.js';

/** The modules that the threads run. */
export const MODULES = {
  decode: new URL('./decode-thread.js', import.meta.url),
  encode: new URL('./encode-thread.js', import.meta.url),
};

type DecodeThreads = Threads<typeof import('./decode-thread.js')>;
type EncodeThreads = Threads<typeof import('./encode-thread.js')>;

/** A frame with its verdict; the encoder may have had others with it. */
interface JudgedFrame extends FinishedFrame {
  /** Of the whole batch. */
  readonly encodeMs: number;
}

type EncodedInBatch = EncodedFrame & Pick<JudgedFrame, 'encodeMs'>;
type FrameBatches = Batches<EncoderInput, EncodedInBatch>;

/** The way of a frame through the threads: decode and cut, encode, judge, draw. */
export class Stages {
  readonly #options: EngineOptions;
  readonly #encoderCount: number;
  readonly #decoders: DecodeThreads;
  readonly #encoders: EncodeThreads;
  readonly #batches = new Map<string, FrameBatches>(); // by bundle id
  readonly #memory = new Map<number, BackendMemory>(); // by encoder thread, as last reported
  /** The last frame that is tried once more by itself, after those before it. */
  #alone: Promise<unknown> = Promise.resolve();
  /** Frames go to the encoder in batches, and their statistics are left to it. */
  #isGpu = false;

  /** Starts the threads; each encoder thread loads all models. */
  constructor(
    options: EngineOptions,
    { decode, encode }: ThreadCounts,
    modules: typeof MODULES,
    events: Pick<ThreadsOptions, 'onDeath' | 'onBroken'>,
  ) {
    const { models, backend = 'wasm' } = options;
    this.#options = options;
    this.#encoderCount = encode;
    const mayBatch = mayTakeBatches(backend);
    const finishing: DecodeThreadData = { models: mayBatch ? models.all : [] };
    const encoding: EncodeThreadData = { backend, models: models.all };
    this.#decoders = new Threads({
      name: 'decoding',
      file: modules.decode,
      count: decode,
      data: finishing,
      ...events,
    });
    this.#encoders = new Threads({
      name: 'encoding',
      file: modules.encode,
      count: encode,
      tasksAtOnce: mayBatch ? batchesAtOnce(1) : 1,
      data: encoding,
      ...events,
    });
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
   * Runs blank frames of each model through the threads, as they will come.
   *
   * @throws why a thread or a model does not start
   */
  async warmUp(): Promise<void> {
    const { models, backend = 'wasm' } = this.#options;
    if (mayTakeBatches(backend)) this.#isGpu = await this.#encoders.run('isGpu', undefined, []);
    for (const bundle of models.all) {
      await (this.#inBatches(bundle) ? this.#warmUpBatches(bundle) : this.#warmUpThreads(bundle));
    }
  }

  /** As many frames at once as there are encoder threads, and all of them free, so that each gets one. */
  async #warmUpThreads(bundle: Bundle): Promise<void> {
    const blank = blankFrame(bundle.manifest.input);
    const blanks = Array.from({ length: this.#encoderCount }, () => this.#decode(blank, bundle));
    const decoded = await Promise.all(blanks);
    await Promise.all(decoded.map((frame) => this.#judgeAlone(frame, bundle, 'never')));
  }

  /** A batch of each size, in each thread at once: a GPU looks for the fastest way for each. */
  async #warmUpBatches(bundle: Bundle): Promise<void> {
    const { input } = bundle.manifest;
    for (const size of batchSizes(batchesOfSize(input, this.#batchOptions).frames)) {
      const batches = Array.from({ length: this.#encoderCount }, () =>
        this.#blankBatch(size, bundle),
      );
      const decoded = await Promise.all(batches);
      await Promise.all(decoded.map((inputs) => this.#encodeBatch(bundle, inputs)));
    }
  }

  async #blankBatch(size: number, bundle: Bundle): Promise<EncoderInput[]> {
    const blank = blankFrame(bundle.manifest.input);
    const blanks = Array.from({ length: size }, () => this.#decode(blank, bundle));
    return (await Promise.all(blanks)).map(({ input }) => input);
  }

  /** @throws PatchlineError of disposition `reject` for a bad frame, another for bad threads */
  async judge(frame: Frame): Promise<Judgement> {
    const admitted = performance.now();
    const bundle = this.#options.models.of(frame.camera);
    const decoded = await this.#decode(frame, bundle);
    const wantsMap = this.#options.overlay?.(frame) ?? 'anomalous';
    const judged = await (this.#inBatches(bundle)
      ? this.#judgeInBatch(frame, decoded, bundle, wantsMap)
      : this.#judgeAlone(decoded, bundle, wantsMap));
    const picture = await this.#overlay(judged, decoded, bundle);
    const { decodeMs, size } = decoded;
    const { encodeMs, densityMs, mapMs, verdict, score, regions, grid } = judged;
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
    const { maxPixels = MAX_PIXELS } = this.#options;
    // An array of its own to move: the source's bytes may be part of a buffer that it still needs.
    const bytes = new Uint8Array(frame.bytes);
    const task = {
      bytes,
      encoding: frame.encoding,
      label: `frame ${frame.id}`,
      input: manifest.input,
      maxPixels,
      ...this.#needsOf(manifest),
    };
    return this.#decoders.run('decode', task, buffersOf([bytes]));
  }

  /** What is prepared of a frame. An image-level detector takes it whole, and nothing else. */
  #needsOf({ detector }: Manifest): Pick<DecodeTask, 'tile' | 'statistics'> {
    const { tile = Number.POSITIVE_INFINITY } = this.#options;
    if (isImageLevel(detector)) return { tile: Number.POSITIVE_INFINITY, statistics: false };
    const hasStatistics = readsStatistics(detector.views);
    return { tile, statistics: hasStatistics && (this.#isGpu ? 'of tiles' : true) };
  }

  /** Whether its frames are encoded with others: on a GPU, but by image-level detectors. */
  #inBatches({ manifest }: Bundle): boolean {
    return this.#isGpu && !isImageLevel(manifest.detector);
  }

  /** Encodes and judges a frame in one thread. */
  async #judgeAlone(
    { input, size }: DecodedFrame,
    { id }: Bundle,
    wantsMap: OverlayPolicy,
  ): Promise<JudgedFrame> {
    const task = { model: id, input, size, wantsMap };
    const judged = await this.#encoders.run('judge', task, buffersOf(arraysOf(input)));
    this.#memory.set(judged.thread, judged.memory);
    return judged;
  }

  /** Encodes a frame with others, and finishes it in another thread. */
  async #judgeInBatch(
    frame: Frame,
    { input, size }: DecodedFrame,
    bundle: Bundle,
    wantsMap: OverlayPolicy,
  ): Promise<JudgedFrame> {
    const encoded = await this.#batchesOf(bundle)
      .add(input)
      .catch(() => this.#encodeAlone(frame, bundle));
    const { encodeMs, outputs, frame: whole } = encoded;
    const task = { model: bundle.id, outputs, frame: whole, size, wantsMap };
    const moving = buffersOf(arraysOfEncoded(encoded));
    return { ...(await this.#decoders.run('finish', task, moving)), encodeMs };
  }

  /**
   * Once more, after a batch that broke: by itself, so that no frame is rejected for another one's
   * sake. What was decoded is lost with the batch.
   */
  #encodeAlone(frame: Frame, bundle: Bundle): Promise<EncodedInBatch> {
    const encoded = this.#alone.then(async () => {
      const { input } = await this.#decode(frame, bundle);
      return (await this.#encodeBatch(bundle, [input]))[0];
    });
    this.#alone = encoded.catch(() => {});
    return encoded;
  }

  #batchesOf(bundle: Bundle): FrameBatches {
    const known = this.#batches.get(bundle.id);
    if (known !== undefined) return known;
    const options = batchesOfSize(bundle.manifest.input, this.#batchOptions);
    const batches: FrameBatches = new Batches(
      (inputs) => this.#encodeBatch(bundle, inputs),
      options,
      batchesAtOnce(this.#encoderCount),
    );
    this.#batches.set(bundle.id, batches);
    return batches;
  }

  get #batchOptions() {
    return this.#options.batch ?? DEFAULT_BATCH;
  }

  async #encodeBatch({ id }: Bundle, inputs: readonly EncoderInput[]): Promise<EncodedInBatch[]> {
    const moving = buffersOf(inputs.flatMap(arraysOf));
    const batch = await this.#encoders.run('encode', { model: id, inputs }, moving);
    this.#memory.set(batch.thread, batch.memory);
    return batch.frames.map((frame) => ({ ...frame, encodeMs: batch.encodeMs }));
  }

  async #overlay(
    { map, verdict, regions }: FinishedFrame,
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

import { setTimeout as sleep } from 'node:timers/promises';
import { Piscina } from 'piscina';
import { asPatchlineError, PatchlineError } from '../../errors.js';
import type { Frame } from '../../frame/frame.js';
import { Random } from '../../random.js';
import type { FrameSource } from '../ports.js';
import type { ImageFormat } from './encode.js';
import { Pace } from './pace.js';
import { RenderAhead } from './render-ahead.js';
import type { RenderTask } from './render-thread.js';
import type { SurfaceName } from './surface.js';

export interface LineOptions {
  /** One camera each, called `<surface>-1`, `<surface>-2` …. */
  readonly surfaces: readonly SurfaceName[];
  /** Frames per second of each camera, as long as the engine keeps up. */
  readonly framesPerSecond: number;
  readonly seed: number;
  /** Share of parts with a defect, 0..1. Default 0.12. */
  readonly defectRate?: number;
  /** What the cameras send. Default `jpeg`. */
  readonly format?: ImageFormat;
  /** Frames of each camera, after which the source is finished. Default: no end. */
  readonly limit?: number;
}

export interface LineCamera {
  readonly id: string;
  readonly surface: SurfaceName;
  /** Frame `index` of this camera is `lineFrame({surface, seed, index, defectRate})`. */
  readonly seed: number;
}

const DEFAULTS = {
  defectRate: 0.12,
  format: 'jpeg',
  limit: Number.POSITIVE_INFINITY,
} as const;

type Drawing = RenderAhead<Uint8Array>;

/** Who takes the frames: an engine, or a topic. What becomes of them does not matter to the line. */
type Deliver = (frame: Frame) => Promise<{ readonly settled: Promise<unknown> }>;

/** Frames of each camera that are drawn before they are due. */
const AHEAD = 3;

/**
 * A synthetic production line: cameras that each look at one product and send an encoded frame at
 * a set rate. One thread draws for all of them, a few frames ahead. When the engine holds a frame
 * back, its camera slows down; it skips nothing and piles up nothing.
 */
export class LineSource implements FrameSource {
  readonly name = 'line';
  readonly cameras: readonly LineCamera[];
  readonly finished: Promise<void>;
  readonly #options: Required<LineOptions>;
  readonly #halt = new AbortController();
  /** Frames that the engine has and that are not settled yet. */
  readonly #outstanding = new Set<Promise<void>>();
  #pool: Piscina<RenderTask, Uint8Array> | undefined;
  /** Resolves when no camera delivers any more; never rejects. */
  #delivering: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #finish!: () => void;
  #fail!: (error: PatchlineError) => void;

  /** @throws PatchlineError `PL_USAGE` if the rate is not a positive number. */
  constructor(options: LineOptions) {
    const { framesPerSecond } = options;
    if (!(framesPerSecond > 0 && Number.isFinite(framesPerSecond))) {
      throw new PatchlineError(
        'PL_USAGE',
        `Expected \`framesPerSecond\` to be a number above 0, got \`${framesPerSecond}\``,
        { disposition: 'usage' },
      );
    }
    this.#options = { ...DEFAULTS, ...options };
    this.cameras = camerasOf(options);
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.finished.catch(() => {}); // nobody has to listen
  }

  /** @throws PatchlineError `PL_STATE` on a second start, `PL_SOURCE` if nothing can be drawn. */
  async start(take: Deliver): Promise<void> {
    if (this.#pool !== undefined || this.#halt.signal.aborted) {
      throw new PatchlineError('PL_STATE', 'A line source starts only once');
    }
    this.#pool = new Piscina({
      filename: new URL('./render-thread.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled', // sharp encodes in the background of the thread
    });
    const drawings = this.cameras.map((camera) => this.#draw(camera));
    try {
      await Promise.all(drawings.map((drawing) => drawing.ready()));
    } catch (error) {
      await this.stop();
      throw asPatchlineError(error, 'PL_SOURCE');
    }
    this.#delivering = this.#deliverAll(drawings, take);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#halt.abort();
    await this.#delivering;
    await Promise.all(this.#outstanding);
    await this.#pool?.close({ force: true }); // drops what was drawn ahead
    this.#finish();
  }

  #draw({ surface, seed }: LineCamera): Drawing {
    const { defectRate, format, limit } = this.#options;
    const pool = this.#pool!;
    const render = (index: number) => pool.run({ surface, seed, index, defectRate, format });
    return new RenderAhead(render, AHEAD, limit);
  }

  async #deliverAll(drawings: readonly Drawing[], take: Deliver): Promise<void> {
    const deliveries = drawings.map(async (drawing, ordinal) => {
      try {
        await this.#deliver(ordinal, drawing, take);
      } catch (error) {
        if (!this.#halt.signal.aborted) this.#fail(asPatchlineError(error, 'PL_SOURCE'));
        this.#halt.abort(); // one camera gone is the whole line gone
      }
    });
    await Promise.all(deliveries);
    this.#finish();
  }

  async #deliver(ordinal: number, drawing: Drawing, take: Deliver): Promise<void> {
    const { signal } = this.#halt;
    const period = 1000 / this.#options.framesPerSecond;
    const stagger = (period * ordinal) / this.cameras.length; // cameras do not fire together
    const pace = new Pace(period, performance.now() + stagger);
    for (let index = 0; ; index++) {
      const bytes = await drawing.next();
      if (bytes === undefined) return;
      await sleep(pace.wait(performance.now()), undefined, { signal });
      this.#track(await take(frameOf(this.cameras[ordinal].id, index, bytes)));
      pace.sent(performance.now());
    }
  }

  /** A frame whose sinks failed is not the line's concern: it has nothing to commit or repeat. */
  #track({ settled }: Awaited<ReturnType<Deliver>>): void {
    const done = settled.then(
      () => {},
      () => {},
    );
    this.#outstanding.add(done);
    void done.then(() => this.#outstanding.delete(done));
  }
}

function camerasOf({ surfaces, seed }: LineOptions): LineCamera[] {
  return surfaces.map((surface, i) => {
    const nth = surfaces.slice(0, i + 1).filter((other) => other === surface).length;
    const id = `${surface}-${nth}`;
    return { id, surface, seed: Random.for(seed, id).uint32() };
  });
}

function frameOf(camera: string, index: number, bytes: Uint8Array): Frame {
  return {
    id: `${camera}-${index}`,
    camera,
    capturedAt: Date.now(),
    bytes,
    encoding: { kind: 'encoded' },
    origin: { topic: 'line', partition: -1, offset: String(index) },
  };
}

/** The whole engine under measurement: folder source, decode, …, verdict; results are dropped. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../deferred.js';
import { Engine, type EngineOptions } from '../engine/engine.js';
import { PatchlineError } from '../errors.js';
import { type Frame, type Judgement, type Outcome, STAGES, type Stage } from '../frame/frame.js';
import { FolderSource } from '../stream/folder/source.js';
import { Pipeline } from '../stream/pipeline.js';
import type { OutcomeSink } from '../stream/ports.js';
import { defaultCredits } from '../stream/worker.js';
import { cpuClock, type Rate, spreadOf } from './rounds.js';

/** How late the main thread was for its timers, ms. */
export interface EventLoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Where results go that nobody wants. */
const nullSink: OutcomeSink = {
  name: 'null',
  publish: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Of the timer that measures the event loop; what it measures includes it. */
const RESOLUTION_MS = 5;

/** Until all threads have a frame and others wait. */
const FILL_MS = 300;

/** An engine that is started once and measured again and again. */
export class EngineRun {
  readonly engine: Engine;
  readonly #delays: EventLoopDelay[] = []; // one a measurement
  readonly #stageMs = new Map<Stage, number>();
  #frames = 0;

  private constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Overlays are off: nobody would see them. */
  static async start(options: Omit<EngineOptions, 'overlay'>): Promise<EngineRun> {
    const engine = new Engine({ ...options, overlay: () => 'never' });
    await engine.start();
    return new EngineRun(engine);
  }

  /**
   * Lets the images of a folder flow, over and over, and counts those that are settled between two
   * moments.
   */
  async stream(folder: string, seconds: number): Promise<Rate> {
    const failed = deferred<never>();
    const aFrame = deferred(); // on a slow machine it takes longer than `seconds`
    let counts = false;
    const settled = (frame: Frame, outcome: Outcome): void => {
      if (!counts) return;
      this.#add(frame, outcome);
      aFrame.resolve();
    };
    const credits = defaultCredits(this.engine.framesInWork);
    const pipeline = new Pipeline(this.engine, [nullSink], credits, failed.reject, { settled });
    const source = new FolderSource(folder, { rounds: Number.POSITIVE_INFINITY });
    await source.start(pipeline.admit);
    const unlessFailed = <T>(work: Promise<T>): Promise<T> => Promise.race([work, failed.promise]);
    try {
      await unlessFailed(sleep(FILL_MS));
      counts = true;
      return await this.#rateOf(async () => {
        await unlessFailed(this.#watchingLoop(1000 * seconds));
        await unlessFailed(aFrame.promise);
      });
    } finally {
      counts = false;
      await source.stop();
    }
  }

  /** Judges so many frames at once, for cases that take seconds a frame. */
  batch(frames: readonly Frame[]): Promise<Rate> {
    return this.#rateOf(async () => {
      const outcomes = await Promise.all(frames.map((frame) => this.engine.judge(frame)));
      for (const [i, frame] of frames.entries()) this.#add(frame, outcomes[i]);
    });
  }

  /** Frames at a steady rate, one after the other. → milliseconds that each took */
  async paced(frames: readonly Frame[], framesPerSecond: number): Promise<number[]> {
    const begin = performance.now();
    const took = frames.map(async (frame, n) => {
      const due = begin + (1000 * n) / framesPerSecond;
      await sleep(due - performance.now());
      checkJudged(frame, await this.engine.judge(frame));
      return performance.now() - due;
    });
    return Promise.all(took);
  }

  /** Mean milliseconds of a frame in each stage, over all frames that were counted so far. */
  get stages(): Record<Stage, number> {
    const mean = (stage: Stage) => [stage, (this.#stageMs.get(stage) ?? 0) / this.#frames] as const;
    return Object.fromEntries(STAGES.map(mean)) as Record<Stage, number>;
  }

  /** The typical median; percentile and maximum of the worst measurement. */
  get eventLoopDelay(): EventLoopDelay {
    const all = (key: keyof EventLoopDelay) => spreadOf(this.#delays.map((delay) => delay[key]));
    return { p50: all('p50').median, p99: all('p99').max, max: all('max').max };
  }

  close(): Promise<void> {
    return this.engine.stop();
  }

  #add(frame: Frame, outcome: Outcome): void {
    checkJudged(frame, outcome);
    this.#frames++;
    for (const stage of STAGES) {
      this.#stageMs.set(stage, (this.#stageMs.get(stage) ?? 0) + outcome.timings[stage]);
    }
  }

  /** By the frames that are counted while `work` goes on. */
  async #rateOf(work: () => Promise<void>): Promise<Rate> {
    const before = this.#frames;
    const start = performance.now();
    const cpuMs = cpuClock();
    await work();
    const frames = this.#frames - before;
    const ms = performance.now() - start;
    return { framesPerSecond: (1000 * frames) / ms, cpuMsPerFrame: cpuMs() / frames };
  }

  async #watchingLoop(ms: number): Promise<void> {
    const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    monitor.enable();
    await sleep(ms);
    monitor.disable();
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const p50 = late(monitor.percentile(50));
    const p99 = late(monitor.percentile(99));
    this.#delays.push({ p50, p99, max: late(monitor.max) });
  }
}

function checkJudged({ id }: Frame, outcome: Outcome): asserts outcome is Judgement {
  if (outcome.verdict !== 'rejected') return;
  throw new PatchlineError('PL_STATE', `frame ${id} was not judged: ${outcome.message}`);
}

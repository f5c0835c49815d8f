/**
 * The one place that names metrics. Dashboards and alert rules are checked against it: a renamed
 * metric breaks a test. Only the main thread observes; threads return their timings.
 */
import { performance } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Load } from '../engine/credits.js';
import { LIFECYCLE_STATES, type LifecycleState } from '../engine/lifecycle.js';
import type { Frame, Judgement, Outcome, Stage } from '../frame/frame.js';
import { SECONDS } from './buckets.js';
import { type CameraLabelOptions, CameraLabels } from './camera-labels.js';
import { CameraMetrics } from './camera-metrics.js';
import { boundedId } from './ids.js';
import { registerNodeMetrics } from './node-metrics.js';

export interface MetricsOptions {
  /** Which cameras get a label value of their own. */
  readonly cameras?: CameraLabelOptions;
  /** Adds what Node tells of the process (`process_…`, `nodejs_…`). Default true. */
  readonly nodeMetrics?: boolean;
}

export class Metrics {
  readonly registry: Registry;
  readonly #cameras: CameraMetrics;
  readonly #stages: Histogram<'stage'>;
  readonly #inFlightFrames: Gauge;
  readonly #inFlightBytes: Gauge;
  readonly #creditsFrames: Gauge;
  readonly #creditsBytes: Gauge;
  readonly #encoderMemory: Gauge;
  readonly #encoderTensors: Gauge;
  readonly #encoderFailures: Counter;
  readonly #build: Gauge<'version' | 'node' | 'backend'>;
  readonly #model: Gauge<'model' | 'name'>;
  readonly #state: Gauge<'state'>;

  /** Throws if the registry already holds metrics of these names: one `Metrics` a registry. */
  constructor(registry: Registry, { cameras = {}, nodeMetrics = true }: MetricsOptions = {}) {
    this.registry = registry;
    const registers = [registry];
    this.#cameras = new CameraMetrics(registry, new CameraLabels(cameras));

    this.#stages = new Histogram({
      name: 'patchline_stage_duration_seconds',
      help: 'Time a frame spends in one stage of the engine. The stage with the longest time limits the line: wait means too few threads, encode means a slow back end (see patchline bench).',
      labelNames: ['stage'],
      buckets: SECONDS,
      registers,
    });
    this.#inFlightFrames = new Gauge({
      name: 'patchline_in_flight_frames',
      help: 'Frames admitted and not yet settled. If it stays at patchline_credits_frames, the engine is the bottleneck: add workers or a faster back end.',
      registers,
    });
    this.#inFlightBytes = new Gauge({
      name: 'patchline_in_flight_bytes',
      help: 'Bytes of the frames in flight. If it stays at patchline_credits_bytes while frames do not reach theirs, frames are large: raise the byte credits if memory allows.',
      registers,
    });
    this.#creditsFrames = new Gauge({
      name: 'patchline_credits_frames',
      help: 'Most frames allowed in flight. The configured limit, to compare patchline_in_flight_frames with.',
      registers,
    });
    this.#creditsBytes = new Gauge({
      name: 'patchline_credits_bytes',
      help: 'Most bytes allowed in flight. The configured limit, to compare patchline_in_flight_bytes with.',
      registers,
    });
    this.#encoderMemory = new Gauge({
      name: 'patchline_encoder_memory_bytes',
      help: 'Memory held by the tensors of the encoder threads. It must be flat under load: if it keeps growing, restart the worker and report a leak.',
      registers,
    });
    this.#encoderTensors = new Gauge({
      name: 'patchline_encoder_tensors',
      help: 'Tensors held by the encoder threads. Constant between frames: if it keeps growing, restart the worker and report a leak.',
      registers,
    });
    this.#encoderFailures = new Counter({
      name: 'patchline_encoder_failures_total',
      help: 'Frames that broke a thread of the engine, and threads that ended by themselves. One is a bad frame or a lack of memory: read the log. Five in a row end the worker.',
      registers,
    });
    this.#build = new Gauge({
      name: 'patchline_build_info',
      help: 'Always 1: what runs here. If workers of a group differ, finish the roll-out.',
      labelNames: ['version', 'node', 'backend'],
      registers,
    });
    this.#model = new Gauge({
      name: 'patchline_model_info',
      help: 'Always 1: the loaded models by digest. If workers of a group differ, finish the roll-out: their scores and thresholds do not compare.',
      labelNames: ['model', 'name'],
      registers,
    });
    this.#state = new Gauge({
      name: 'patchline_up_state',
      help: '1 for the state the worker is in, 0 for the others. If it is failed, read the last error of the log; if it stays starting, read the reasons of /readyz.',
      labelNames: ['state'],
      registers,
    });
    registerLoopUtilization(registry);
    if (nodeMetrics) registerNodeMetrics(registry);
    this.state('idle');
  }

  /** Counts a frame that the sinks have acknowledged. Never throws: metrics stop no line. */
  frameSettled(frame: Frame, outcome: Outcome, now = Date.now()): void {
    this.#cameras.settled(frame, outcome, now);
    if (outcome.verdict === 'rejected') return;
    for (const [stage, milliseconds] of Object.entries(outcome.timings)) {
      this.stage(stage as Stage, milliseconds);
    }
  }

  /** Another worker has the camera now, or none: its state here is gone. */
  cameraForgotten(camera: string): void {
    this.#cameras.forget(camera);
  }

  /** Counts a frame that was too old to be judged. */
  frameStale(frame: Frame, now = Date.now()): void {
    this.#cameras.stale(frame, now);
  }

  /** `frameSettled` observes the stages that an outcome names; the others come through here. */
  stage(stage: Stage | 'publish', milliseconds: number): void {
    // A stage that did not run reports 0 (no overlay asked for): it would pull the quantiles down.
    if (milliseconds > 0 && Number.isFinite(milliseconds)) {
      this.#stages.observe({ stage }, milliseconds / 1000);
    }
  }

  inFlight(load: Load): void {
    this.#inFlightFrames.set(load.frames);
    this.#inFlightBytes.set(load.bytes);
  }

  credits(limit: Load): void {
    this.#creditsFrames.set(limit.frames);
    this.#creditsBytes.set(limit.bytes);
  }

  /** `failures`: since the start. */
  encoder(usage: {
    readonly memoryBytes: number;
    readonly tensors: number;
    readonly failures: number;
  }): void {
    this.#encoderMemory.set(usage.memoryBytes);
    this.#encoderTensors.set(usage.tensors);
    this.#encoderFailures.reset();
    this.#encoderFailures.inc(usage.failures);
  }

  build(info: { readonly version: string; readonly backend: string }): void {
    this.#build.reset();
    this.#build.set({ ...info, node: process.versions.node }, 1);
  }

  /** The models in use: replaces those set before. */
  models(models: Iterable<Judgement['model']>): void {
    this.#model.reset();
    for (const { id, name } of models) this.#model.set({ model: id, name: boundedId(name) }, 1);
  }

  state(current: LifecycleState): void {
    for (const state of LIFECYCLE_STATES) this.#state.set({ state }, state === current ? 1 : 0);
  }
}

/** Counted between scrapes; two scrapers each see the part since the other's visit. */
function registerLoopUtilization(registry: Registry): void {
  let last = performance.eventLoopUtilization();
  new Gauge({
    name: 'patchline_event_loop_utilization_ratio',
    help: 'Share of time since the last scrape that the main thread was busy, 0 to 1. Above 0.8 it delays heartbeats and commits: fewer frames per worker, more workers.',
    registers: [registry],
    collect() {
      const current = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(current, last).utilization);
      last = current;
    },
  });
}

/**
 * The one place that names metrics. Dashboards and alert rules are checked against it: a renamed
 * metric breaks a test. Only the main thread observes; threads return their timings.
 */
import { performance } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { Load } from '../engine/credits.js';
import { LIFECYCLE_STATES, type LifecycleState } from '../engine/lifecycle.js';
import type { Frame, Judgement, Outcome, Stage } from '../frame/frame.js';
import { type CameraLabelOptions, CameraLabels } from './camera-labels.js';
import { boundedId } from './ids.js';

export interface MetricsOptions {
  /** Which cameras get a label value of their own. */
  readonly cameras?: CameraLabelOptions;
  /** Adds Node's own metrics (`process_…`, `nodejs_…`). Default true. */
  readonly nodeMetrics?: boolean;
}

/** Seconds. Below 1 ms nothing happens to a frame, above 2.5 s it is too late anyway. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Standard deviations: fine where thresholds lie, coarse where a frame is plainly bad. */
const SCORES = [-2, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 100, 200];

/** By camera; prom-client's types take the label of an exemplar for one of the metric. */
type ExemplarHistogram = Histogram<'camera' | 'frame_id'>;

export class Metrics {
  readonly registry: Registry;
  readonly #cameras: CameraLabels;
  readonly #frames: Counter<'camera' | 'outcome'>;
  readonly #anomalous: Counter<'camera'>;
  readonly #stages: Histogram<'stage'>;
  readonly #latency: ExemplarHistogram;
  readonly #score: ExemplarHistogram;
  readonly #threshold: Gauge<'camera'>;
  readonly #lastFrame: Gauge<'camera'>;
  readonly #inFlightFrames: Gauge;
  readonly #inFlightBytes: Gauge;
  readonly #creditsFrames: Gauge;
  readonly #creditsBytes: Gauge;
  readonly #encoderMemory: Gauge;
  readonly #encoderTensors: Gauge;
  readonly #build: Gauge<'version' | 'node' | 'backend'>;
  readonly #model: Gauge<'model' | 'name'>;
  readonly #state: Gauge<'state'>;

  /** Throws if the registry already holds metrics of these names: one `Metrics` a registry. */
  constructor(registry: Registry, { cameras = {}, nodeMetrics = true }: MetricsOptions = {}) {
    this.registry = registry;
    this.#cameras = new CameraLabels(cameras);
    const registers = [registry];

    this.#frames = new Counter({
      name: 'patchline_frames_total',
      help: 'Frames by what became of them, each counted once. If rejected grows, look for PL_IMAGE codes in the results or the log and check that camera; if stale grows, the worker is behind: add workers or credits.',
      labelNames: ['camera', 'outcome'],
      registers,
    });
    this.#anomalous = new Counter({
      name: 'patchline_anomalous_frames_total',
      help: 'Frames judged anomalous. A jump on one camera is a defect on the line: look at its latest anomalies on the live page. A slow rise on all is drift: check light and lens, then recalibrate.',
      labelNames: ['camera'],
      registers,
    });
    this.#stages = new Histogram({
      name: 'patchline_stage_duration_seconds',
      help: 'Time a frame spends in one stage of the engine. The stage with the longest time limits the line: wait means too few threads, encode means a slow back end (see patchline bench).',
      labelNames: ['stage'],
      buckets: SECONDS,
      registers,
    });
    this.#latency = withExemplars(registry, {
      name: 'patchline_frame_latency_seconds',
      help: 'From the capture of a frame to its acknowledged verdict. If it grows while stage durations do not, frames wait before the worker: check consumer lag and the clock of the camera.',
      buckets: SECONDS,
    });
    this.#score = withExemplars(registry, {
      name: 'patchline_frame_score',
      help: 'Frame scores in standard deviations of good frames. If the whole distribution moves toward patchline_threshold, the camera, the light or the material has changed: clean, adjust or recalibrate.',
      buckets: SCORES,
    });
    this.#threshold = new Gauge({
      name: 'patchline_threshold',
      help: 'Score above which a frame of the camera is anomalous, in the unit of patchline_frame_score. It changes only with the model; to change it, run patchline calibrate.',
      labelNames: ['camera'],
      registers,
    });
    this.#lastFrame = new Gauge({
      name: 'patchline_last_frame_timestamp_seconds',
      help: 'Unix time at which the last frame of the camera was settled. If time() minus this grows, no frames arrive: check the camera, its network and its producer.',
      labelNames: ['camera'],
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
    if (nodeMetrics) collectDefaultMetrics({ register: registry });
    this.state('idle');
  }

  /** Counts a frame that the sinks have acknowledged. Never throws: metrics stop no line. */
  frameSettled(frame: Frame, outcome: Outcome, now = Date.now()): void {
    const camera = this.#cameras.label(frame.camera);
    this.#frames.inc({ camera, outcome: outcome.verdict });
    this.#lastFrame.set({ camera }, now / 1000);
    if (outcome.verdict !== 'rejected') this.#judged(camera, frame, outcome, now);
  }

  /** Counts a frame that was too old to be judged. */
  frameStale(frame: Frame, now = Date.now()): void {
    const camera = this.#cameras.label(frame.camera);
    this.#frames.inc({ camera, outcome: 'stale' });
    this.#lastFrame.set({ camera }, now / 1000);
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

  encoder(usage: { readonly memoryBytes: number; readonly tensors: number }): void {
    this.#encoderMemory.set(usage.memoryBytes);
    this.#encoderTensors.set(usage.tensors);
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

  #judged(camera: string, frame: Frame, outcome: Judgement, now: number): void {
    if (outcome.verdict === 'anomalous') this.#anomalous.inc({ camera });
    const exemplarLabels = { frame_id: boundedId(frame.id) };
    const observe = (histogram: ExemplarHistogram, value: number) => {
      // prom-client throws at NaN, and a sum that swallowed one is lost for good.
      if (Number.isFinite(value)) histogram.observe({ labels: { camera }, value, exemplarLabels });
    };
    observe(this.#latency, Math.max(0, now - frame.capturedAt) / 1000); // a clock may run ahead
    observe(this.#score, outcome.score);
    if (Number.isFinite(outcome.threshold)) this.#threshold.set({ camera }, outcome.threshold);
    for (const [stage, milliseconds] of Object.entries(outcome.timings)) {
      this.stage(stage as Stage, milliseconds);
    }
  }
}

/**
 * A histogram by camera whose buckets remember a frame id. prom-client refuses exemplars on a text
 * registry at construction, although text scrapes just leave them out: so it is added afterwards.
 */
function withExemplars(
  registry: Registry,
  config: { readonly name: string; readonly help: string; readonly buckets: number[] },
): ExemplarHistogram {
  const histogram: ExemplarHistogram = new Histogram({
    ...config,
    labelNames: ['camera'],
    enableExemplars: true,
    registers: [],
  });
  registry.registerMetric(histogram);
  return histogram;
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

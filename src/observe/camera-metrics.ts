/** The metrics that have a `camera` label: what became of the frames of each camera. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Frame, Judgement, Outcome } from '../frame/frame.js';
import { LINE_STATES } from '../watch/line-state.js';
import type { Standing } from '../watch/standing.js';
import { SECONDS } from './buckets.js';
import { type CameraLabels, OTHER } from './camera-labels.js';
import { FrameHistogram } from './frame-histogram.js';
import { boundedId } from './ids.js';

/** Standard deviations: fine where thresholds lie, coarse where a frame is plainly bad. */
const SCORES = [-2, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 100, 200];

export class CameraMetrics {
  readonly #cameras: CameraLabels;
  readonly #frames: Counter<'camera' | 'outcome'>;
  readonly #anomalous: Counter<'camera'>;
  readonly #rejected: Counter<'camera' | 'reason'>;
  readonly #latency: FrameHistogram;
  readonly #score: FrameHistogram;
  readonly #threshold: Gauge<'camera'>;
  readonly #falseAlarms: Gauge<'camera'>;
  readonly #drift: Gauge<'camera'>;
  readonly #driftLimit: Gauge<'camera'>;
  readonly #lineState: Gauge<'camera' | 'state'>;
  readonly #lineAlarms: Counter<'camera'>;
  readonly #lastFrame: Gauge<'camera'>;

  constructor(registry: Registry, cameras: CameraLabels) {
    const registers = [registry];
    this.#cameras = cameras;
    this.#frames = new Counter({
      name: 'patchline_frames_total',
      help: 'Frames by what became of them, each counted once. If rejected grows, patchline_rejected_frames_total says why; if stale grows, the worker is behind: add workers or credits.',
      labelNames: ['camera', 'outcome'],
      registers,
    });
    this.#anomalous = new Counter({
      name: 'patchline_anomalous_frames_total',
      help: 'Frames judged anomalous. A jump on one camera is a defect on the line: look at its latest anomalies on the live page. A slow rise on all is drift: check light and lens, then recalibrate.',
      labelNames: ['camera'],
      registers,
    });
    this.#rejected = new Counter({
      name: 'patchline_rejected_frames_total',
      help: 'Frames that could not be judged, by error code. PL_IMAGE codes: check that camera and its producer; PL_MESSAGE: the headers of its records; PL_CONFIG: it has no model; PL_BACKEND: read the log of the worker.',
      labelNames: ['camera', 'reason'],
      registers,
    });
    this.#latency = new FrameHistogram(registry, {
      name: 'patchline_frame_latency_seconds',
      help: 'From the capture of a frame to its acknowledged verdict. If it grows while stage durations do not, frames wait before the worker: check consumer lag and the clock of the camera.',
      buckets: SECONDS,
    });
    this.#score = new FrameHistogram(registry, {
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
    this.#falseAlarms = new Gauge({
      name: 'patchline_calibrated_false_alarm_ratio',
      help: "Share of good frames that the camera's model promises to call anomalous at most, 0 to 1 (its alpha). Anomalous frames at this rate are no finding; at twice the rate, look at patchline_score_drift and at the frames.",
      labelNames: ['camera'],
      registers,
    });
    this.#drift = new Gauge({
      name: 'patchline_score_drift',
      help: 'Whether the good frames of today score as those of the calibration did, -1 to 1: how much oftener one of today scores higher than one of then, rather than lower. 0 is no drift, 1 all higher, -1 all lower; defects are left out. Beyond patchline_score_drift_limit, either way, it is no chance: check lens, light and material, then recalibrate.',
      labelNames: ['camera'],
      registers,
    });
    this.#driftLimit = new Gauge({
      name: 'patchline_score_drift_limit',
      help: 'Size of patchline_score_drift, above 0, from which it is no chance any more; it hangs on the number of frames of the calibration and of today. To detect smaller drift, calibrate on more good frames.',
      labelNames: ['camera'],
      registers,
    });
    this.#lineState = new Gauge({
      name: 'patchline_line_state',
      help: '1 for the state the line of the camera is in, 0 for the others: alarm if as many of the last frames were anomalous as --alarm-after says, warning if some. At an alarm look at its latest anomalies on the live page, then at the line.',
      labelNames: ['camera', 'state'],
      registers,
    });
    this.#lineAlarms = new Counter({
      name: 'patchline_line_alarms_total',
      help: 'Times the line of the camera went into alarm. Many short alarms on good parts: demand more frames with --alarm-after, or calibrate to a lower false-alarm rate.',
      labelNames: ['camera'],
      registers,
    });
    this.#lastFrame = new Gauge({
      name: 'patchline_last_frame_timestamp_seconds',
      help: 'Unix time at which the last frame of the camera was settled. If time() minus this grows, no frames arrive: check the camera, its network and its producer.',
      labelNames: ['camera'],
      registers,
    });
  }

  settled(frame: Frame, outcome: Outcome, now: number): void {
    const camera = this.#count(frame, outcome.verdict, now);
    if (outcome.verdict === 'rejected') this.#rejected.inc({ camera, reason: outcome.code });
    else this.#judged(camera, frame, outcome, now);
    if (outcome.standing !== undefined) this.#stands(camera, outcome.standing);
  }

  stale(frame: Frame, now: number): void {
    this.#count(frame, 'stale', now);
  }

  /** Takes the gauges back, which hold only while frames of the camera come; counts stay. */
  forget(id: string): void {
    const camera = this.#cameras.label(id);
    if (camera === OTHER) return; // others may still share it
    for (const state of LINE_STATES) this.#lineState.remove({ camera, state });
    const gauges = [
      this.#threshold,
      this.#falseAlarms,
      this.#drift,
      this.#driftLimit,
      this.#lastFrame,
    ];
    for (const gauge of gauges) gauge.remove({ camera });
  }

  #count(frame: Frame, outcome: Outcome['verdict'] | 'stale', now: number): string {
    const camera = this.#cameras.label(frame.camera);
    this.#frames.inc({ camera, outcome });
    this.#lastFrame.set({ camera }, now / 1000);
    return camera;
  }

  #judged(camera: string, frame: Frame, outcome: Judgement, now: number): void {
    // Counters begin at 0: Prometheus sees no increase in a series that begins at 1.
    this.#anomalous.inc({ camera }, outcome.verdict === 'anomalous' ? 1 : 0);
    const id = boundedId(frame.id);
    const latency = Math.max(0, now - frame.capturedAt) / 1000; // a clock may run ahead
    this.#latency.observe(camera, latency, id, now);
    this.#score.observe(camera, outcome.score, id, now);
    if (Number.isFinite(outcome.threshold)) this.#threshold.set({ camera }, outcome.threshold);
  }

  #stands(camera: string, { line, drift, alpha }: Standing): void {
    const isAlarm = line.state === 'alarm' && line.before !== 'alarm';
    this.#lineAlarms.inc({ camera }, isAlarm ? 1 : 0);
    if (camera === OTHER) return; // cameras that share a label share no state
    for (const state of LINE_STATES) {
      this.#lineState.set({ camera, state }, state === line.state ? 1 : 0);
    }
    if (alpha !== undefined) this.#falseAlarms.set({ camera }, alpha);
    if (drift === undefined) return;
    this.#drift.set({ camera }, drift.value);
    this.#driftLimit.set({ camera }, drift.limit);
  }
}

import type { Frame, Outcome } from '../frame/frame.js';
import type { OutcomeSink } from '../stream/ports.js';
import { boundedId } from './ids.js';
import { AnomalyRecord, type LiveAnomaly } from './live-anomalies.js';
import { CameraRecord, type LiveCamera } from './live-camera.js';
import { PictureStore } from './pictures.js';
import { RateMeter } from './rate.js';

/** A model in training, while no frames come. */
export interface LiveTraining {
  /** What it does now, for people. Default `training`. */
  readonly phase?: string;
  /** Steps of this phase. */
  readonly step: number;
  readonly steps: number;
  readonly loss?: number;
  /** Of good images that are not learned from, with pasted defects; share of 1. */
  readonly heldOutAccuracy?: number;
  readonly etaSeconds: number;
}

export interface LiveTotals {
  readonly frames: number;
  readonly anomalies: number;
  readonly rejected: number;
  readonly framesPerSecond: number;
  /** Frames of cameras that the page does not show, because it shows its most already. */
  readonly hidden: number;
}

/** What a page is told: everything (a snapshot), or what changed. */
export interface LiveUpdate {
  /** The clock of this machine, ms since the epoch. */
  readonly now: number;
  readonly totals?: LiveTotals;
  readonly cameras?: readonly LiveCamera[];
  /** Cameras that made room for others. */
  readonly forgotten?: readonly string[];
  /** Oldest first. */
  readonly anomalies?: readonly LiveAnomaly[];
  readonly training?: readonly (LiveTraining & { readonly name: string })[];
}

export interface LiveSnapshot extends Required<LiveUpdate> {
  /** How much a page should keep. */
  readonly limits: { readonly points: number; readonly anomalies: number };
}

export interface LiveViewOptions {
  /** Most cameras shown. Default 100. A new one replaces one that was quiet for a minute. */
  readonly maxCameras?: number;
  /** Points kept of each camera. Default 300. */
  readonly maxPoints?: number;
  /** Latest anomalies kept, of all cameras together. Default 60. */
  readonly maxAnomalies?: number;
  /** Bytes of pictures kept: half for the newest frames, half for anomalies. Default 128 MiB. */
  readonly pictureBytes?: number;
  /** How often subscribers are told of changes. Default 4. */
  readonly updatesPerSecond?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const MAX_TRAININGS = 16;
const QUIET_MS = 60_000;

/**
 * What the live page shows, kept in bounded memory. A sink that is always done at once: a page that
 * nobody looks at, or that is slow, never holds the line back. Ids are bounded (`boundedId`).
 */
export class LiveView implements OutcomeSink {
  readonly name = 'live page';
  readonly #limits: Required<LiveViewOptions>;
  readonly #cameras = new Map<string, CameraRecord>();
  readonly #newest: PictureStore; // by camera
  readonly #anomalies: AnomalyRecord;
  readonly #trainings = new Map<string, LiveTraining>();
  readonly #rate = new RateMeter();
  readonly #subscribers = new Set<(update: LiveUpdate) => void>();
  #totals = { frames: 0, anomalies: 0, rejected: 0, hidden: 0 };
  /** Set while somebody subscribes. */
  #timer: NodeJS.Timeout | undefined;
  // Changes since the last update:
  #toldTotals = '';
  readonly #forgotten = new Set<string>(); // empty while nobody subscribes
  #trainingChanged = false;

  constructor(options: LiveViewOptions = {}) {
    this.#limits = {
      maxCameras: 100,
      maxPoints: 300,
      maxAnomalies: 60,
      pictureBytes: 128 * 2 ** 20,
      updatesPerSecond: 4,
      now: Date.now,
      ...options,
    };
    const { pictureBytes, maxAnomalies } = this.#limits;
    this.#newest = new PictureStore(pictureBytes / 2);
    this.#anomalies = new AnomalyRecord(maxAnomalies, pictureBytes / 2);
  }

  publish(frame: Frame, outcome: Outcome): Promise<void> {
    const now = this.#limits.now();
    this.#rate.mark(now);
    this.#totals.frames++;
    if (outcome.verdict === 'rejected') this.#totals.rejected++;
    const camera = boundedId(frame.camera);
    const record = this.#recordOf(camera, now);
    record?.record(outcome, now);
    if (record === undefined) this.#totals.hidden++;
    else if (outcome.verdict !== 'rejected' && outcome.overlay !== undefined) {
      this.#newest.put(camera, outcome.overlay);
    }
    if (outcome.verdict === 'anomalous') {
      this.#totals.anomalies++;
      this.#anomalies.record(frame, outcome, now);
    }
    return Promise.resolve();
  }

  /** Shows how far the training of a model is; without progress, takes it off the page. */
  setTraining(name: string, progress: LiveTraining | undefined): void {
    const id = boundedId(name);
    if (progress === undefined) this.#trainings.delete(id);
    else if (this.#trainings.has(id) || this.#trainings.size < MAX_TRAININGS) {
      this.#trainings.set(id, progress);
    }
    this.#trainingChanged = true;
  }

  /** The newest picture of a camera (JPEG). */
  picture(camera: string): Uint8Array | undefined {
    return this.#newest.get(boundedId(camera));
  }

  /** The overlay of an anomaly by frame id (JPEG). */
  overlay(frameId: string): Uint8Array | undefined {
    return this.#anomalies.overlay(boundedId(frameId));
  }

  /** Bytes of pictures in memory. */
  get pictureBytes(): number {
    return this.#newest.bytes + this.#anomalies.pictureBytes;
  }

  /** Everything. Tells pending changes first, so that who subscribes next hears nothing twice. */
  snapshot(): LiveSnapshot {
    this.#tell();
    const { maxPoints: points, maxAnomalies: anomalies } = this.#limits;
    return {
      now: this.#limits.now(),
      totals: this.#currentTotals(),
      cameras: [...this.#cameras.values()].map((camera) => camera.snapshot()),
      forgotten: [],
      anomalies: this.#anomalies.snapshot(),
      training: this.#training(),
      limits: { points, anomalies },
    };
  }

  /** Calls `listener` with what changed, a few times a second; returns how to stop that. */
  subscribe(listener: (update: LiveUpdate) => void): () => void {
    this.#subscribers.add(listener);
    this.#timer ??= setInterval(() => this.#tell(), 1000 / this.#limits.updatesPerSecond).unref();
    return () => {
      this.#subscribers.delete(listener);
      if (this.#subscribers.size === 0) this.#stopTimer();
    };
  }

  close(): Promise<void> {
    this.#tell();
    this.#subscribers.clear();
    this.#stopTimer();
    return Promise.resolve();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The record of a camera; a new one only where there is room or an old one is quiet. */
  #recordOf(camera: string, now: number): CameraRecord | undefined {
    const known = this.#cameras.get(camera);
    if (known !== undefined) return known;
    const full = this.#cameras.size >= this.#limits.maxCameras;
    if (full && !this.#forgetQuietest(now)) return undefined;
    const record = new CameraRecord(camera, this.#limits.maxPoints);
    this.#cameras.set(camera, record);
    this.#forgotten.delete(camera);
    return record;
  }

  #forgetQuietest(now: number): boolean {
    let [quietest, lastSeen] = ['', Number.POSITIVE_INFINITY];
    for (const [camera, record] of this.#cameras) {
      if (record.lastSeen < lastSeen) [quietest, lastSeen] = [camera, record.lastSeen];
    }
    if (now - lastSeen < QUIET_MS) return false;
    this.#cameras.delete(quietest);
    this.#newest.delete(quietest);
    if (this.#subscribers.size > 0) this.#forgotten.add(quietest);
    return true;
  }

  #training(): LiveSnapshot['training'] {
    return [...this.#trainings].map(([name, progress]) => ({ name, ...progress }));
  }

  #currentTotals(): LiveTotals {
    return { ...this.#totals, framesPerSecond: this.#rate.perSecond(this.#limits.now()) };
  }

  #tell(): void {
    const changes = this.#takeChanges();
    if (Object.keys(changes).length === 0) return;
    const update = { now: this.#limits.now(), ...changes };
    for (const listener of this.#subscribers) listener(update);
  }

  #takeChanges(): Omit<LiveUpdate, 'now'> {
    const totals = this.#currentTotals();
    const cameras = [...this.#cameras.values()].flatMap((camera) => camera.takeUpdate() ?? []);
    const anomalies = this.#anomalies.takeUpdate();
    const changes = {
      ...(JSON.stringify(totals) !== this.#toldTotals && { totals }),
      ...(cameras.length > 0 && { cameras }),
      ...(this.#forgotten.size > 0 && { forgotten: [...this.#forgotten] }),
      ...(anomalies.length > 0 && { anomalies }),
      ...(this.#trainingChanged && { training: this.#training() }),
    };
    this.#toldTotals = JSON.stringify(totals);
    this.#forgotten.clear();
    this.#trainingChanged = false;
    return changes;
  }
}

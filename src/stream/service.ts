/** The worker as `run` and `demo` start it: engine and monitor around a source and its sinks. */

import type { Load } from '../engine/credits.js';
import { Engine, type EngineOptions } from '../engine/engine.js';
import type { ModelSet } from '../engine/models.js';
import type { Frame, Outcome } from '../frame/frame.js';
import type { Monitor } from '../observe/monitor.js';
import { PictureRate } from '../observe/picture-rate.js';
import { PATCHLINE_VERSION } from '../version.js';
import type { Watch } from '../watch/watch.js';
import type { FrameSource, OutcomeSink } from './ports.js';
import { defaultCredits, StreamWorker } from './worker.js';

export interface ServiceOptions {
  readonly models: ModelSet;
  readonly source: FrameSource;
  /** Besides the live page. */
  readonly sinks: readonly OutcomeSink[];
  readonly monitor: Monitor;
  readonly watch: Watch;
  readonly engine?: Omit<EngineOptions, 'models' | 'overlay'>;
  readonly credits?: Partial<Load>;
  readonly drainMs?: number;
  /** Called once frames can flow. */
  readonly onRunning?: () => void;
}

/** How many frames were settled, and how. */
export type Tally = Record<Outcome['verdict'], number>;

/** Runs until the source ends or the signal aborts. Rejects as `StreamWorker.run` does. */
export async function runService(options: ServiceOptions, signal: AbortSignal): Promise<Tally> {
  const { models, source, monitor, watch, drainMs } = options;
  const pictures = new PictureRate();
  const engine = new Engine({
    ...options.engine,
    models,
    overlay: (frame: Frame) => pictures.policyOf(frame.camera),
  });
  const { metrics } = monitor;
  metrics.build({ version: PATCHLINE_VERSION, backend: options.engine?.backend ?? 'wasm' });
  metrics.models(models.all.map(({ id, manifest }) => ({ id, name: manifest.name })));
  engine.lifecycle.onChange((state) => {
    if (state === 'running') options.onRunning?.();
  });
  const tally = new TallySink();
  const worker = new StreamWorker({
    engine,
    source,
    sinks: [monitor.live, tally, ...options.sinks],
    credits: { ...defaultCredits(engine.framesInWork), ...options.credits },
    metrics,
    watch,
    ...(drainMs !== undefined && { drainMs }),
  });
  monitor.health = () => worker.health;
  await worker.run(signal);
  return tally.counts;
}

class TallySink implements OutcomeSink {
  readonly name = 'tally';
  readonly counts: Tally = { ok: 0, anomalous: 0, rejected: 0 };

  publish(_frame: Frame, { verdict }: Outcome): Promise<void> {
    this.counts[verdict]++;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

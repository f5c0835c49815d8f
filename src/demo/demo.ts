/**
 * The whole product on a synthetic line: makes good frames, trains a model for each camera, streams
 * frames with defects through the service that `run` starts, and shows the live page.
 */
import { chooseFor } from '../detect/choose.js';
import { ModelSet } from '../engine/models.js';
import type { Progress } from '../learn/options.js';
import type { Bundle } from '../model/bundle.js';
import { Monitor } from '../observe/monitor.js';
import { LineSource } from '../stream/line/source.js';
import type { SurfaceName } from '../stream/line/surface.js';
import type { OutcomeSink } from '../stream/ports.js';
import { runService, type Tally } from '../stream/service.js';
import { DEFAULT_ALARM_RULE } from '../watch/line-state.js';
import { Watch } from '../watch/watch.js';
import { LINE_TRAINING, trainCameras } from './training.js';

export interface DemoOptions {
  /** Where the models go. */
  readonly dir: string;
  /** One camera each. */
  readonly surfaces: readonly SurfaceName[];
  /** Frames per second of each camera. */
  readonly rate: number;
  readonly seed: number;
  /** Training steps of each model. */
  readonly steps: number;
  readonly http: { readonly host: string; readonly port: number; readonly token?: string };
  /** Frames of each camera, after which the demo ends; default never. */
  readonly limit?: number;
  readonly onPage: (url: string) => void;
  readonly onProgress: (camera: string, progress: Progress) => void;
  readonly onLearned: (camera: string, model: Bundle) => void;
  /** Told of the back end that was chosen. */
  readonly onBackend: (line: string) => void;
  readonly onRunning: () => void;
  readonly onOutcome: OutcomeSink['publish'];
}

/** Runs until the signal aborts or the limit is reached. Rejects as `runService` does. */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<Tally> {
  const { surfaces, rate, seed, limit } = options;
  const monitor = await Monitor.open({ http: options.http });
  try {
    options.onPage(monitor.url ?? '');
    monitor.health = () => ({
      live: true,
      ready: false,
      state: 'starting',
      reasons: ['training the models'],
    });
    const source = new LineSource({
      surfaces,
      framesPerSecond: rate,
      seed,
      ...(limit !== undefined && { limit }),
    });
    const models = new ModelSet(await train(source, monitor, options, signal), undefined);
    const terminal = { name: 'terminal', publish: options.onOutcome, close: async () => {} };
    const { onRunning, onBackend: say } = options;
    const engine = { backend: await chooseFor('auto', models.all, { say }) };
    const watch = new Watch({ models, alarmAfter: DEFAULT_ALARM_RULE });
    const sinks = [terminal];
    return await runService({ models, source, sinks, monitor, watch, engine, onRunning }, signal);
  } finally {
    await monitor.close();
  }
}

/** What the page calls the phases. */
const PHASE_NAMES: Readonly<Record<Progress['phase'], string>> = {
  read: 'drawing good frames',
  train: 'training',
  fit: 'fitting densities',
  control: 'fitting the control',
  calibrate: 'calibrating',
};

/** Trains with progress on the page and to the caller. */
async function train(
  { cameras }: LineSource,
  { live }: Monitor,
  { dir, steps, onProgress, onLearned }: DemoOptions,
  signal: AbortSignal,
) {
  const starts = new Map<string, { phase: string; at: number }>();
  const report = (camera: string, progress: Progress): void => {
    onProgress(camera, progress);
    const { phase, done, total, loss, heldOut } = progress;
    const before = starts.get(camera);
    const start = before?.phase === phase ? before : { phase, at: performance.now() };
    starts.set(camera, start);
    const secondsEach = (performance.now() - start.at) / 1000 / Math.max(1, done - 1);
    live.setTraining(camera, {
      phase: PHASE_NAMES[phase],
      step: done,
      steps: total,
      ...(loss !== undefined && { loss }),
      ...(heldOut !== undefined && { heldOutAccuracy: heldOut.accuracy }),
      etaSeconds: secondsEach * (total - done),
    });
  };
  const options = { ...LINE_TRAINING, dir, steps, onProgress: report, signal };
  const models = await trainCameras(cameras, options);
  for (const [camera, model] of models) {
    live.setTraining(camera, undefined);
    onLearned(camera, model);
  }
  return models;
}

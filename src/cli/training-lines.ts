import type { Progress as LearnProgress } from '../learn/options.js';
import { duration, percent } from './format.js';
import type { Output } from './output.js';

const PHASES: Readonly<Record<LearnProgress['phase'], string>> = {
  read: 'drawing good frames',
  train: 'training',
  fit: 'fitting densities',
  control: 'fitting the control',
  calibrate: 'calibrating',
};

const NEWS_MS = 10_000;

/** How far the cameras' models are: a live line, or without a terminal a line now and then. */
export class TrainingLines {
  readonly #output: Output;
  readonly #progress = new Map<string, { progress: LearnProgress; since: number }>();
  #told = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  update(camera: string, progress: LearnProgress): void {
    const now = performance.now();
    const before = this.#progress.get(camera);
    const since = before?.progress.phase === progress.phase ? before.since : now;
    this.#progress.set(camera, { progress, since });
    const all = [...this.#progress].map(([name, p]) => describe(name, p.progress, now - p.since));
    const text = all.join('  |  ');
    if (this.#output.isTerminal) this.#output.live(text);
    else if (now - this.#told > NEWS_MS) {
      this.#told = now;
      this.#output.note(text);
    }
  }
}

function describe(
  camera: string,
  { phase, done, total, loss, heldOut }: LearnProgress,
  ms: number,
): string {
  const share = `${Math.round((100 * done) / total)} %`;
  const held = heldOut === undefined ? '' : `, held out ${percent(heldOut.accuracy, 0)}`;
  const detail = loss === undefined ? '' : `, loss ${loss.toFixed(2)}${held}`;
  const left =
    done > 1 && done < total ? `, ${duration((ms / (done - 1)) * (total - done))} left` : '';
  return `${camera}: ${PHASES[phase]} ${share}${detail}${left}`;
}

/** `patchline demo`: the whole product on a synthetic line. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choice, integer, listOf, numberWithin, onOff, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import { runDemo } from '../demo/demo.js';
import type { Frame, Judgement } from '../frame/frame.js';
import type { Progress as LearnProgress } from '../learn/options.js';
import { SURFACE_NAMES, type SurfaceName } from '../stream/line/surface.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { addressKind } from './common-options.js';
import { duration } from './format.js';
import { describeTally } from './tally.js';

const SURFACES = SURFACE_NAMES as readonly [SurfaceName, ...SurfaceName[]]; // there are some

const options = {
  surfaces: withDefault(listOf(choice(SURFACES), 'SURFACE,…'), ['metal', 'carton'], {
    help: `What the line makes, one camera each: ${SURFACE_NAMES.join(', ')}.`,
  }),
  rate: withDefault(numberWithin(0), 4, {
    help: 'Frames per second of each camera. Faster than this machine can judge slows the line down; nothing is dropped.',
  }),
  steps: withDefault(integer({ min: 0 }), 60, {
    help: 'Training steps of each model. More takes longer before the line starts.',
  }),
  seed: withDefault(integer({ min: 0, max: 2 ** 32 - 1 }), 1, {
    help: 'Another seed is another line.',
  }),
  frames: optional(integer({ min: 1 }), {
    help: 'Ends after this many frames of each camera.',
    defaultText: 'until Ctrl-C',
  }),
  http: withDefault(
    addressKind,
    { host: '127.0.0.1', port: 9464 },
    {
      help: 'Address of the live page and the metrics. Port 0 takes a free one.',
      defaultText: '127.0.0.1:9464',
    },
  ),
  keep: optional(text('DIR'), {
    help: 'Keeps the trained models there, to look at with `patchline inspect`.',
    defaultText: 'a temporary folder, removed at the end',
  }),
  noOpen: withDefault(onOff, false, {
    help: 'Leaves the browser alone. Without it the live page opens where there is a screen.',
  }),
};

type DemoConfig = Config<typeof options>;

export const demo = defineCommand(
  {
    name: 'demo',
    description:
      'Draws good parts, learns a model of each kind from them, then runs a line on which one part in eight has a scratch, a dent, a stain or missing print. Needs no camera, no broker and no GPU.',
    options,
    examples: ['patchline demo', 'patchline demo --surfaces metal,carton,fabric --rate 10'],
  },
  run,
);

async function run(config: DemoConfig, { output, signal }: Context): Promise<ExitCode> {
  const { surfaces, rate, steps, seed, http, frames } = config;
  const start = performance.now();
  const dir = config.keep ?? (await mkdtemp(join(tmpdir(), 'patchline-demo-')));
  const training = new TrainingLines();
  let first = true;
  try {
    const tally = await runDemo(
      {
        surfaces,
        rate,
        steps,
        seed,
        http,
        dir,
        ...(frames !== undefined && { limit: frames }),
        onPage: (url) => {
          output.note(`Live page: ${url}`);
          output.note(`Learning ${surfaces.join(' and ')} from good frames alone …`);
          if (!config.noOpen && output.isTerminal) openBrowser(url);
        },
        onProgress: (camera, progress) => {
          const line = training.update(camera, progress);
          if (output.isTerminal) output.live(line.text);
          else if (line.isNews) output.note(line.text);
        },
        onBackend: (line) => output.note(line),
        onRunning: () => output.note('The line runs. Ctrl-C ends it.'),
        onOutcome: async (frame, outcome) => {
          if (first)
            output.note(`First heat map ${duration(performance.now() - start)} after the start.`);
          first = false;
          if (outcome.verdict !== 'rejected' && outcome.regions.length > 0)
            output.note(anomalyLine(frame, outcome));
        },
      },
      signal,
    );
    output.text(describeTally(tally));
    output.result({ frames: tally, seconds: (performance.now() - start) / 1000 });
    return 0;
  } finally {
    if (config.keep === undefined) await rm(dir, { recursive: true, force: true });
  }
}

const PHASES: Readonly<Record<LearnProgress['phase'], string>> = {
  read: 'drawing good frames',
  train: 'training',
  fit: 'fitting densities',
  control: 'fitting the control',
  calibrate: 'calibrating',
};

/** Where nobody sees a live line, a line now and then. */
const NEWS_MS = 10_000;

/** How far the cameras' models are. */
class TrainingLines {
  readonly #progress = new Map<string, { progress: LearnProgress; since: number }>();
  #told = 0;

  /** @returns the line of all cameras; `isNews` where it is time for another one */
  update(camera: string, progress: LearnProgress): { text: string; isNews: boolean } {
    const now = performance.now();
    const before = this.#progress.get(camera);
    const since = before?.progress.phase === progress.phase ? before.since : now;
    this.#progress.set(camera, { progress, since });
    const isNews = now - this.#told > NEWS_MS;
    if (isNews) this.#told = now;
    const all = [...this.#progress].map(([name, p]) => describe(name, p.progress, now - p.since));
    return { text: all.join('  |  '), isNews };
  }
}

function describe(camera: string, { phase, done, total, loss }: LearnProgress, ms: number): string {
  const share = `${Math.round((100 * done) / total)} %`;
  const detail = loss === undefined ? '' : `, loss ${loss.toFixed(2)}`;
  const left =
    done > 1 && done < total ? `, ${duration((ms / (done - 1)) * (total - done))} left` : '';
  return `${camera}: ${PHASES[phase]} ${share}${detail}${left}`;
}

function anomalyLine(frame: Frame, outcome: Judgement): string {
  const { score, threshold, regions } = outcome;
  const [worst] = regions;
  const where =
    worst === undefined ? '' : ` at ${worst.x},${worst.y} (${worst.width} × ${worst.height} px)`;
  return `${frame.id}: defect${where}, score ${score.toFixed(1)} above ${threshold.toFixed(1)}`;
}

/** Best effort: the address is printed anyway. */
function openBrowser(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  if (command === 'xdg-open' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

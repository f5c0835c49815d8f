/** `patchline demo`: the whole product on a synthetic line. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choice, integer, listOf, numberWithin, onOff, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import { runDemo } from '../demo/demo.js';
import type { Frame, Judgement } from '../frame/frame.js';
import { isLoopback } from '../observe/access.js';
import { SURFACE_NAMES, type SurfaceName } from '../stream/line/surface.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { addressKind, token } from './common-options.js';
import { duration } from './format.js';
import { describeTally } from './tally.js';
import { notLearnedLines } from './training-advice.js';
import { TrainingLines } from './training-lines.js';

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
  token,
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
    rules: [
      {
        options: ['http', 'token'],
        holds: ({ http, token }) => isLoopback(http.host) || token !== undefined,
        expected: 'others than this machine see the live page with a token only: give one',
      },
    ],
    examples: ['patchline demo', 'patchline demo --surfaces metal,carton,fabric --rate 10'],
  },
  run,
);

async function run(config: DemoConfig, { output, signal }: Context): Promise<ExitCode> {
  const { surfaces, rate, steps, seed, frames, token } = config;
  const http = { ...config.http, ...(token !== undefined && { token }) };
  const start = performance.now();
  const dir = config.keep ?? (await mkdtemp(join(tmpdir(), 'patchline-demo-')));
  const training = new TrainingLines(output);
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
        onProgress: (camera, progress) => training.update(camera, progress),
        onLearned: (camera, { manifest }) => {
          for (const line of notLearnedLines(camera, manifest.training)) output.note(line);
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

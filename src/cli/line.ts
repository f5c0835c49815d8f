/** `patchline line`: a synthetic line in front of a worker that is not the demo's. */
import { choice, integer, listOf, numberWithin, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import { feedKafka } from '../demo/feed.js';
import { learnMissing } from '../demo/learn-missing.js';
import { LineSource } from '../stream/line/source.js';
import { SURFACE_NAMES, type SurfaceName } from '../stream/line/surface.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { count } from './format.js';
import { connectionOf, connectionOptions, connectionRules } from './kafka-options.js';
import type { Output } from './output.js';
import { notLearnedLines } from './training-advice.js';
import { TrainingLines } from './training-lines.js';

const SURFACES = SURFACE_NAMES as readonly [SurfaceName, ...SurfaceName[]]; // there are some

const options = {
  models: optional(text('DIR'), {
    help: 'Learns a model of each camera there, for `patchline run --models`; those that are there stay.',
    group: 'Models',
  }),
  steps: withDefault(integer({ min: 0 }), 60, {
    help: 'Training steps of each model.',
    group: 'Models',
  }),
  surfaces: withDefault(listOf(choice(SURFACES), 'SURFACE,…'), ['metal', 'carton'], {
    help: `What the line makes, one camera each: ${SURFACE_NAMES.join(', ')}.`,
    group: 'Line',
  }),
  rate: withDefault(numberWithin(0), 4, {
    help: 'Frames per second of each camera, as long as the brokers take them.',
    group: 'Line',
  }),
  seed: withDefault(integer({ min: 0, max: 2 ** 32 - 1 }), 1, {
    help: 'Another seed is another line, which needs models of its own.',
    group: 'Line',
  }),
  frames: optional(integer({ min: 1 }), {
    help: 'Ends after this many frames of each camera.',
    defaultText: 'until Ctrl-C',
    group: 'Line',
  }),
  brokers: optional(listOf(text('HOST:PORT'), 'HOST:PORT,…'), {
    help: 'Sends the frames to Kafka: some brokers of the cluster, which name the others.',
    group: 'Frames out',
  }),
  framesTopic: optional(text('TOPIC'), {
    help: 'One JPEG a record, keyed by camera, with the time of its capture.',
    group: 'Frames out',
  }),
  ...connectionOptions,
};

type LineConfig = Config<typeof options>;

export const line = defineCommand(
  {
    name: 'line',
    description:
      'Cameras without cameras, to try a cluster with: learns the models that the worker needs, then sends frames as a line would; one part in eight has a defect.',
    options,
    rules: [
      {
        options: ['models', 'brokers'],
        holds: ({ models, brokers }) => models !== undefined || brokers !== undefined,
        expected: 'give at least one of them: what is to be made, models or frames?',
      },
      {
        options: ['brokers', 'framesTopic'],
        holds: ({ brokers, framesTopic }) =>
          (brokers === undefined) === (framesTopic === undefined),
        expected: 'give both or neither',
      },
      ...connectionRules,
    ],
    examples: [
      'patchline line --models models',
      'patchline line --brokers 127.0.0.1:9092 --frames-topic frames --rate 10',
    ],
  },
  run,
);

async function run(config: LineConfig, { output, signal }: Context): Promise<ExitCode> {
  const { surfaces, rate, seed, frames } = config;
  const source = new LineSource({
    surfaces,
    framesPerSecond: rate,
    seed,
    ...(frames !== undefined && { limit: frames }),
  });
  const learned = await learn(config, source, output, signal);
  const sent = await feed(config, source, output, signal);
  output.result({ learned, sent });
  return 0;
}

async function learn(
  { models, steps }: LineConfig,
  { cameras }: LineSource,
  output: Output,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (models === undefined) return [];
  const progress = new TrainingLines(output);
  const learned = await learnMissing(cameras, {
    dir: models,
    steps,
    signal,
    onProgress: (camera, step) => progress.update(camera, step),
  });
  for (const [camera, { manifest }] of learned) {
    for (const line of notLearnedLines(camera, manifest.training)) output.note(line);
  }
  const there = cameras.length - learned.size;
  output.text(`${models}: ${count(learned.size, 'model')} learned, ${there} were there`);
  return [...learned.keys()];
}

async function feed(
  config: LineConfig,
  source: LineSource,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const { brokers, framesTopic } = config;
  if (brokers === undefined || framesTopic === undefined) return 0;
  const trouble = new Trouble(output);
  const connection = connectionOf(config, brokers);
  const cameras = source.cameras.map(({ id }) => id).join(', ');
  output.note(`${cameras} to ${framesTopic} at ${brokers.join(',')}. Ctrl-C ends it.`);
  const onTrouble = (is: boolean): void => trouble.tell(is);
  const sent = await feedKafka({ connection, topic: framesTopic, line: source, onTrouble }, signal);
  output.text(`${count(sent, 'frame')} sent`);
  return sent;
}

/** A line when the brokers take no frames, one when they do again. */
class Trouble {
  readonly #output: Output;
  #is = false;

  constructor(output: Output) {
    this.#output = output;
  }

  tell(is: boolean): void {
    if (is === this.#is) return;
    this.#is = is;
    this.#output.note(is ? 'Kafka takes no frames; trying again' : 'Kafka takes frames again');
  }
}

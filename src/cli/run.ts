/** `patchline run`: judges frames as they come. */
import { choice, duration, integer, listOf, numberWithin, onOff, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import { chooseFor } from '../detect/choose.js';
import { ModelSet } from '../engine/models.js';
import { DEFAULT_BATCH } from '../engine/options.js';
import { MAX_PIXELS } from '../frame/decode.js';
import { readBundle } from '../model/bundle.js';
import { readCollection } from '../model/collection.js';
import { isLoopback } from '../observe/access.js';
import { DEFAULT_CAMERA_CAP } from '../observe/camera-labels.js';
import { EventLog } from '../observe/event-log.js';
import { kafkaMetrics } from '../observe/kafka-metrics.js';
import { createLogger, LOG_LEVELS, type Logger } from '../observe/log.js';
import { Monitor } from '../observe/monitor.js';
import { FolderSink } from '../stream/folder/sink.js';
import { FolderSource } from '../stream/folder/source.js';
import type { KafkaObserver } from '../stream/kafka/events.js';
import type { FrameSource, OutcomeSink } from '../stream/ports.js';
import { runService } from '../stream/service.js';
import { DEFAULT_ALARM_RULE } from '../watch/line-state.js';
import { Watch } from '../watch/watch.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { addressKind, alarmRuleKind, backend, token } from './common-options.js';
import { kafkaOf, kafkaOptions, kafkaRules } from './kafka-options.js';
import { assertHasMap } from './needs-map.js';
import { describeTally } from './tally.js';

const options = {
  model: optional(text('DIR'), { help: 'The model of all cameras.', group: 'Models' }),
  models: optional(text('DIR'), {
    help: 'A folder with a model for each camera, named by it, and one called default for the others.',
    group: 'Models',
  }),
  ...kafkaOptions,
  source: optional(text('FOLDER'), {
    help: 'Judges the images of a folder; each subfolder is a camera.',
    group: 'Frames in',
  }),
  watch: withDefault(onOff, false, {
    help: 'Goes on waiting for new images in the folder, until Ctrl-C.',
    group: 'Frames in',
  }),
  maxPixels: withDefault(integer({ min: 1 }), MAX_PIXELS, {
    help: 'Larger frames are rejected before they are decoded.',
    group: 'Frames in',
  }),
  results: optional(text('DIR'), {
    help: 'Writes results.jsonl, overlays of defects and rejected frames there.',
    group: 'Results out',
  }),
  maps: withDefault(onOff, false, {
    help: 'Writes the score grid of each frame to --results as 16-bit PNG.',
    group: 'Results out',
  }),
  http: withDefault(
    addressKind,
    { host: '127.0.0.1', port: 9464 },
    {
      help: 'Address of live page, /metrics, /livez and /readyz. On another host than this one the page is closed without --token; metrics and probes are open.',
      defaultText: '127.0.0.1:9464',
      group: 'Observe',
    },
  ),
  noHttp: withDefault(onOff, false, { help: 'Opens no address.', group: 'Observe' }),
  token,
  cameras: optional(listOf(text('CAMERA'), 'CAMERA,…'), {
    help: 'Cameras with metrics of their own; all others count as "other".',
    defaultText: 'the first that are seen',
    group: 'Observe',
  }),
  maxCameras: optional(integer({ min: 1 }), {
    help: 'Without --cameras: how many cameras, the first seen, have metrics of their own. Each makes about 50 time series.',
    defaultText: `${DEFAULT_CAMERA_CAP}`,
    group: 'Observe',
  }),
  alarmAfter: withDefault(alarmRuleKind, DEFAULT_ALARM_RULE, {
    help: 'The line of a camera is in alarm when K of its last N judged frames are anomalous, until fewer than half of K are: for --alarm-after 1/1 each anomalous frame. Good frames alone do that too: at a false-alarm rate of 5 % once in 1,600 frames for 3/5, in 116,000 for 5/8.',
    defaultText: '5/8',
    group: 'Results out',
  }),
  logLevel: withDefault(choice(LOG_LEVELS), 'info', {
    help: 'What is logged to stderr as JSON lines; info is quiet while all goes well.',
    group: 'Observe',
  }),
  tile: optional(integer({ min: 64 }), {
    help: 'Cuts frames into tiles of this side; 64 is the literal patch mode of the paper: the same scores, a hundred times slower. Bounds memory on large frames.',
    defaultText: 'whole frames',
    group: 'Machine',
  }),
  encoderThreads: optional(integer({ min: 1 }), {
    help: 'Threads that run the network. A GPU that tensorflow runs on may be busier with two.',
    defaultText: 'one a core; one in all for tensorflow and webgpu',
    group: 'Machine',
  }),
  decodeThreads: optional(integer({ min: 1 }), {
    help: 'Threads that decode and cut frames, and for a GPU make maps and verdicts.',
    defaultText: 'one for four encoder threads; for a GPU all cores but one',
    group: 'Machine',
  }),
  batch: withDefault(integer({ min: 1 }), DEFAULT_BATCH.frames, {
    help: 'Frames that a GPU gets at once, at most: more are faster and wait longer for each other. Other back ends get each frame by itself.',
    group: 'Machine',
  }),
  batchAge: withDefault(duration, DEFAULT_BATCH.ageMs, {
    help: 'How long a frame waits for others while a GPU has work.',
    defaultText: `${DEFAULT_BATCH.ageMs}ms`,
    group: 'Machine',
  }),
  maxFrames: optional(integer({ min: 1 }), {
    help: 'Frames in flight at most: more adds latency, less starves the threads.',
    defaultText: 'by the threads',
    group: 'Machine',
  }),
  maxMegabytes: withDefault(numberWithin(0), 256, {
    help: 'Megabytes of encoded frames in flight at most.',
    group: 'Machine',
  }),
  drainSeconds: withDefault(numberWithin(0), 8, {
    help: 'How long frames in flight may take at the end.',
    group: 'Machine',
  }),
  backend,
};

type RunConfig = Config<typeof options>;

export const runCommand = defineCommand(
  {
    name: 'run',
    description:
      'Judges each frame: a verdict, the regions that are wrong, a map. Ends with its source, or by Ctrl-C after the frames in flight.',
    options,
    rules: [
      {
        options: ['model', 'models'],
        holds: ({ model, models }) => (model === undefined) !== (models === undefined),
        expected: 'give one of them',
      },
      {
        options: ['source', 'brokers'],
        holds: ({ source, brokers }) => (source === undefined) !== (brokers === undefined),
        expected: 'give one of them: frames come from a folder or from Kafka',
      },
      ...kafkaRules,
      {
        options: ['maps', 'results'],
        holds: ({ maps, results }) => !maps || results !== undefined,
        expected: 'maps are written to the folder of --results',
      },
      {
        options: ['cameras', 'maxCameras'],
        holds: ({ cameras, maxCameras }) => cameras === undefined || maxCameras === undefined,
        expected: 'give one of them: the list bounds them already',
      },
    ],
    examples: [
      'patchline run --model models/screw --source incoming --watch --results judged',
      'patchline run --models models --brokers kafka:9092 --frames-topic frames --results-topic results --max-age 2s',
      'patchline run --models models --source incoming --http 0.0.0.0:9464 --token …',
    ],
  },
  run,
);

async function run(config: RunConfig, { output, signal }: Context): Promise<ExitCode> {
  const log = createLogger({ level: config.logLevel });
  const models = await modelsOf(config);
  for (const option of mapOptionsOf(config)) {
    for (const bundle of models.all) assertHasMap(bundle, option);
  }
  const say = (line: string): void => log.info('back end', { choice: line });
  const backend = await chooseFor(config.backend, models.all, { say });
  signal.throwIfAborted();
  const { http, token, noHttp, cameras, maxCameras } = config;
  const monitor = await Monitor.open({
    ...(!noHttp && { http: { ...http, ...(token !== undefined && { token }) } }),
    cameras: { ...(cameras && { allow: cameras }), ...(maxCameras && { cap: maxCameras }) },
  });
  const watch = new Watch({
    models,
    alarmAfter: config.alarmAfter,
    onForgotten: (camera) => monitor.metrics.cameraForgotten(camera),
  });
  try {
    const tally = await runService(
      {
        models,
        ...(await endsOf(config, monitor, watch, log)),
        monitor,
        watch,
        engine: { ...engineOf(config), backend },
        credits: {
          bytes: config.maxMegabytes * 2 ** 20,
          ...(config.maxFrames !== undefined && { frames: config.maxFrames }),
        },
        drainMs: config.drainSeconds * 1000,
        onRunning: () => {
          log.info('running', { page: monitor.url, models: models.all.length });
          if (isClosed(config)) log.warn('the live page is closed: there is no --token');
        },
      },
      signal,
    );
    log.info('stopped', { ...tally });
    output.text(describeTally(tally));
    output.result({ frames: tally });
    return 0;
  } finally {
    await monitor.close();
  }
}

/** Options that were given, and that mean nothing without a map. */
function mapOptionsOf({ maps, mapsTopic, tile }: RunConfig): string[] {
  return [
    ...(maps ? ['--maps'] : []),
    ...(mapsTopic === undefined ? [] : ['--maps-topic']),
    ...(tile === undefined ? [] : ['--tile']),
  ];
}

/** Others than this machine reach the address, and nothing tells who may look. */
function isClosed({ noHttp, http, token }: RunConfig): boolean {
  return !noHttp && token === undefined && !isLoopback(http.host);
}

async function modelsOf({ model, models }: RunConfig): Promise<ModelSet> {
  if (models === undefined) return ModelSet.single(await readBundle(model ?? ''));
  const { byCamera, fallback } = await readCollection(models);
  return new ModelSet(byCamera, fallback);
}

interface Ends {
  readonly source: FrameSource;
  readonly sinks: readonly OutcomeSink[];
}

async function endsOf(
  config: RunConfig,
  { metrics }: Monitor,
  cameras: Watch,
  log: Logger,
): Promise<Ends> {
  const { source, watch, results, maps } = config;
  const sinks: OutcomeSink[] = [new EventLog(log)];
  if (results !== undefined) sinks.push(await FolderSink.open(results, { maps }));
  const kafka = kafkaOf(config);
  if (kafka === undefined) return { source: new FolderSource(source ?? '', { watch }), sinks };
  const { openKafka } = await import('../stream/kafka/kafka.js');
  const observed = kafkaMetrics(metrics, `${config.topicPrefix ?? ''}${kafka.topics.frames}`);
  const observer: KafkaObserver = {
    ...observed,
    joined(partitions) {
      observed.joined?.(partitions);
      cameras.keep(partitions);
    },
    stale(frame) {
      observed.stale?.(frame);
      cameras.skipped(frame);
    },
  };
  const ends = await openKafka(kafka, { observer, log });
  return { source: ends.source, sinks: [...sinks, ends.sink] };
}

function engineOf(config: RunConfig) {
  const { tile, encoderThreads, decodeThreads, maxPixels, batch, batchAge } = config;
  return {
    maxPixels,
    ...(tile !== undefined && { tile }),
    ...(encoderThreads !== undefined && { encoderThreads }),
    ...(decodeThreads !== undefined && { decodeThreads }),
    batch: { frames: batch, ageMs: batchAge },
  };
}

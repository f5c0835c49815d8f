/** `patchline bench`: how fast this machine is, and whether memory stays where it is. */
import { type BenchProgress, runBench } from '../bench/bench.js';
import { compareRuns, readStoredRun } from '../bench/compare.js';
import { runSoak } from '../bench/soak.js';
import { integer, numberWithin, onOff, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import {
  benchLines,
  comparisonLines,
  kafkaBenchLines,
  scaleBenchLines,
  soakLines,
} from './bench-table.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { backend } from './common-options.js';
import { Progress } from './progress.js';

const options = {
  model: optional(text('DIR'), {
    help: 'The model to measure.',
    defaultText: 'the default network, fitted on the spot to 256×256 frames of the synthetic line',
    group: 'Model',
  }),
  rounds: withDefault(integer({ min: 1 }), 5, {
    help: 'How often each case is measured, in turn with all others. More rounds show how far the figures scatter.',
    group: 'Measurement',
  }),
  seconds: withDefault(numberWithin(0), 2, {
    help: 'How long each case is measured in each round.',
    group: 'Measurement',
  }),
  patches: withDefault(integer({ min: 1 }), 64, {
    help: "Patches of a frame that the paper's ResNet-18 runs on; the rest is extrapolated.",
    group: 'Measurement',
  }),
  compare: optional(text('FILE'), {
    help: 'Also shows what has changed against a run that was stored with --json.',
    group: 'Measurement',
  }),
  soak: optional(integer({ min: 1000 }), {
    help: 'Instead: sends so many frames through the engine and watches its memory.',
    group: 'Measurement',
  }),
  threads: optional(integer({ min: 1, max: 1024 }), {
    help: 'Threads that run the network, in the cases with several.',
    defaultText: 'one a core',
    group: 'Machine',
  }),
  kafka: withDefault(onOff, false, {
    help: 'Instead: from topic to topic through a real broker, beside the engine alone; speed and latency.',
    group: 'Measurement',
  }),
  broker: withDefault(text('HOST:PORT'), '127.0.0.1:9092', {
    help: 'The broker of --kafka. Topics are made for the measurement and deleted after it.',
    group: 'Measurement',
  }),
  scale: withDefault(onOff, false, {
    help: 'Instead: 1, 2 and 4 workers in one consumer group at --broker, and what a change of the group costs.',
    group: 'Measurement',
  }),
  gpuMs: withDefault(numberWithin(0), 25, {
    help: 'Milliseconds that the simulated device of --scale takes for a frame, so that more workers than cores can be tried.',
    group: 'Measurement',
  }),
  backend,
};

export const bench = defineCommand(
  {
    name: 'bench',
    description:
      'Runs the network alone, the whole engine, and its baselines in turn: the 64 px patches one by one, and the ResNet-18 of the paper. Leave the machine alone meanwhile.',
    options,
    examples: [
      'patchline bench',
      'patchline bench --model models/screw --json > before.json',
      'patchline bench --model models/screw --compare before.json',
      'patchline bench --soak 10000',
      'patchline bench --kafka --broker 127.0.0.1:9092',
      'patchline bench --scale --gpu-ms 25',
    ],
  },
  run,
);

type BenchConfig = Config<typeof options>;

async function run(config: BenchConfig, { output, signal }: Context): Promise<ExitCode> {
  const { model, threads, backend, rounds, seconds, patches: resnet18Patches, soak } = config;
  const onBackend = (line: string): void => output.note(line);
  const common = { backend, onBackend, ...(model && { model }), ...(threads && { threads }) };
  const progress = new Progress(output);
  const onProgress = (step: BenchProgress): void => progress.update(stepOf(step));
  if (soak !== undefined) {
    const report = await runSoak({ ...common, frames: soak }, onProgress, signal);
    for (const line of soakLines(report)) output.text(line);
    output.result(report);
    return report.rssFlat && report.tensorsConstant ? 0 : 1;
  }
  if (config.kafka) {
    const { runKafkaBench } = await import('../bench/kafka/bench.js');
    const options = { ...common, rounds, seconds, broker: config.broker };
    const report = await runKafkaBench(options, onProgress, signal);
    for (const line of kafkaBenchLines(report)) output.text(line);
    output.result(report);
    return 0;
  }
  if (config.scale) {
    const { runScaleBench } = await import('../bench/scale/bench.js');
    const { broker, gpuMs } = config;
    const report = await runScaleBench({ ...common, seconds, broker, gpuMs }, onProgress, signal);
    for (const line of scaleBenchLines(report)) output.text(line);
    output.result(report);
    return 0;
  }
  const before = config.compare === undefined ? undefined : await readStoredRun(config.compare);
  const options = { ...common, rounds, seconds, resnet18Patches };
  const report = await runBench(options, onProgress, signal);
  const comparison = before && compareRuns(before, report);
  for (const line of benchLines(report)) output.text(line);
  if (comparison) for (const line of comparisonLines(comparison)) output.text(line);
  output.result({ ...report, ...(comparison && { comparison }) });
  return 0;
}

const PHASES: Readonly<Record<BenchProgress['phase'], string>> = {
  fit: 'fitting',
  measure: 'measuring',
  soak: 'soaking',
};

function stepOf({ phase, ...step }: BenchProgress) {
  return { ...step, phase: PHASES[phase] };
}

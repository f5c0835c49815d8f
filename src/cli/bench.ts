/** `patchline bench`: how fast this machine is, and whether memory stays where it is. */
import { type BenchProgress, runBench } from '../bench/bench.js';
import { runSoak } from '../bench/soak.js';
import { integer, numberWithin, onOff, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import { benchLines, kafkaBenchLines, soakLines } from './bench-table.js';
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
      'patchline bench --model models/screw --json',
      'patchline bench --soak 10000',
      'patchline bench --kafka --broker 127.0.0.1:9092',
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
  const options = { ...common, rounds, seconds, resnet18Patches };
  const report = await runBench(options, onProgress, signal);
  for (const line of benchLines(report)) output.text(line);
  output.result(report);
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

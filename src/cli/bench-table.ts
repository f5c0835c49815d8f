/** What `patchline bench` prints for people, within 80 columns. */

import type { CaseChange, Comparison } from '../bench/compare.js';
import type { KafkaBenchReport } from '../bench/kafka/report.js';
import type { LatencyReport } from '../bench/latency.js';
import type { Machine } from '../bench/machine.js';
import type {
  BenchReport,
  ByThreads,
  CaseName,
  CaseReport,
  EngineReport,
} from '../bench/report.js';
import { ratioOf, type Spread } from '../bench/rounds.js';
import type { ScaleReport } from '../bench/scale/report.js';
import type { SoakReport } from '../bench/soak.js';
import { STAGES } from '../frame/frame.js';
import { bytes, columns, count, percent, shortId, size } from './format.js';

const CASE_NAMES: Readonly<Record<CaseName, string>> = {
  network: 'network alone',
  encoder: 'encoder: and densities',
  engine: 'engine: JPEG to verdict',
  patches: 'engine, patch by patch',
  'wasm-network': 'wasm: network alone',
  'wasm-encoder': 'wasm: encoder',
  'resnet18-patches': 'wasm: ResNet-18 by patches',
};

export function benchLines(report: BenchReport): string[] {
  const { machine, backend, model, frame, settings, cases } = report;
  return [
    ...machineLines(machine),
    `Model ${model.name} (${shortId(model.id)}), ${model.dir ?? 'fitted on the spot, weights random'}, on ${backend}`,
    `  ${model.views.join(' ')}, ${model.density}`,
    '',
    ...columns([
      [
        `${size(frame)} px frames a second`,
        'threads',
        'median',
        'lowest',
        'highest',
        'CPU ms',
        '× paper',
      ],
      ...cases.map((row) => caseRow(row, cases)),
    ]),
    `  median of ${count(settings.rounds, 'round')}; CPU ms: all threads, a frame; × paper: times ResNet-18`,
    `  on each of the ${frame.patches} patches, measured on ${settings.resnet18Patches} of them`,
    '',
    ...columns([['Times, in the same rounds', ...threadHeads(report)], ...ratioRows(report)]),
    '',
    ...columns([['A frame in the engine', ...threadHeads(report)], ...engineRows(report.engine)]),
    '',
    latencyLine(report.latency),
  ];
}

export function kafkaBenchLines({ machine, model, settings, sizes }: KafkaBenchReport): string[] {
  const rows = sizes.map((row) => [
    `${size(row)} px, ${bytes(row.bytes)}`,
    ...[row.engine, row.kafka, row.decode].map(({ median }) => figure(median)),
    range(row.kafkaOverEngine),
    range(row.decodeOverEngine),
  ]);
  const costs = sizes.map(({ cpuMsPerFrame: { engine, kafka, decode }, ...row }) => [
    `${size(row)} px`,
    ...[engine, kafka, decode].map(({ median }) => figure(median)),
  ]);
  const latencies = sizes.map(({ latency, ...row }) => [
    `${size(row)} px`,
    ...[latency.framesPerSecond, latency.p50Ms, latency.p99Ms, latency.p99OverP50].map(figure),
  ]);
  return [
    ...machineLines(machine),
    `Model ${model.name} (${shortId(model.id)})`,
    '',
    ...columns([
      [
        'Frames a second',
        'engine alone',
        'Kafka',
        'decode alone',
        'Kafka ÷ engine',
        'decode ÷ engine',
      ],
      ...rows,
    ]),
    `  median of ${count(settings.rounds, 'round')}; Kafka: topic to engine to topic; decode alone: without the encoder`,
    '',
    ...columns([['CPU ms a frame', 'engine alone', 'Kafka', 'decode alone'], ...costs]),
    "  of this process; the broker's comes on top",
    '',
    ...columns([
      ['Capture to acknowledged result', 'frames/s', 'p50 ms', 'p99 ms', 'p99 ÷ p50'],
      ...latencies,
    ]),
  ];
}

export function scaleBenchLines({ machine, settings, cases, rebalance }: ScaleReport): string[] {
  const rows = cases.map((row) => [
    row.device,
    ...[row.workers, row.partitions, row.framesPerSecond].map(figure),
    ...[row.cpuMsPerFrame, row.coresBusy].map(figure),
    bytes(row.peakBytes),
  ]);
  const { framesPerSecond, nothingMs, joinMs, leaveMs, killMs, sessionTimeoutMs } = rebalance;
  return [
    ...machineLines(machine),
    `JPEGs of ${bytes(settings.frameBytes)}; simulated: decoded, then ${figure(settings.gpuMs)} ms of waiting for each`,
    '',
    ...columns([
      ['One group', 'workers', 'partitions', 'frames/s', 'CPU ms', 'cores busy', 'most memory'],
      ...rows,
    ]),
    '  CPU ms: of the workers, a frame; cores busy: by all programs, the broker too;',
    '  most memory: of the largest worker',
    '',
    ...columns([
      ['Longest wait of a frame, ms', 'nothing', 'one joins', 'one leaves', 'one is killed'],
      [
        `2 workers, ${figure(framesPerSecond)} frames/s`,
        ...[nothingMs, joinMs, leaveMs, killMs].map(figure),
      ],
    ]),
    `  one that is killed is missed after --session-timeout, ${figure(sessionTimeoutMs / 1000)} s`,
  ];
}

export function comparisonLines({ since, differences, cases }: Comparison): string[] {
  const change = ({ times, clear }: CaseChange['framesPerSecond']): string =>
    `${figure(times)}${clear ? '' : ' ~'}`;
  const row = ({ name, threads, framesPerSecond, cpuMsPerFrame }: CaseChange): string[] => [
    CASE_NAMES[name],
    String(threads),
    change(framesPerSecond),
    change(cpuMsPerFrame),
  ];
  return [
    '',
    ...columns([
      [`Times the run of ${minute(since)}`, 'threads', 'speed', 'CPU'],
      ...cases.map(row),
    ]),
    '  ~: no more than the rounds scatter by themselves',
    ...differences.map((difference) => `  not as it was: ${difference}`),
  ];
}

export function soakLines(report: SoakReport): string[] {
  const { frames, framesPerSecond, tenths, rssGrowth, rssFlat, tensorsConstant } = report;
  const row = ({ rss, heap, tensors }: SoakReport['tenths'][number], i: number): string[] => [
    String(i + 1),
    bytes(rss),
    bytes(heap),
    figure(tensors),
  ];
  const growth = `${rssGrowth < 0 ? '−' : '+'}${Math.abs(100 * rssGrowth).toFixed(1)} %`;
  return [
    ...machineLines(report.machine),
    `${frames} frames through the engine, ${figure(framesPerSecond)} a second; means of each tenth:`,
    '',
    ...columns([['tenth', 'memory', 'JS heap', 'tensors'], ...tenths.map(row)]),
    '',
    `Memory, last tenth against the second: ${growth}, ${rssFlat ? 'flat' : 'it grows'}`,
    `Tensors: ${tensorsConstant ? 'constant' : 'not constant'}`,
  ];
}

function machineLines(machine: Machine): string[] {
  const { cpu, cores, memoryBytes, platform, node, loadBefore, date, versions } = machine;
  const { patchline, ...libraries } = versions;
  const when = `${minute(date)}, load ${loadBefore.toFixed(2)}`;
  return [
    `${cpu}, ${count(cores, 'core')}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    `Patchline ${patchline}, Node ${node}, ${platform}; ${when}`,
    Object.entries(libraries)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ];
}

function caseRow(row: CaseReport, all: readonly CaseReport[]): string[] {
  const paper = all.find((c) => c.name === 'resnet18-patches' && c.threads === row.threads) ?? row;
  const rates = ({ rounds }: CaseReport) => rounds.map((rate) => rate.framesPerSecond);
  const { median, min, max } = row.framesPerSecond;
  const figures = [
    median,
    min,
    max,
    row.cpuMsPerFrame.median,
    ratioOf(rates(row), rates(paper)).median,
  ];
  return [CASE_NAMES[row.name], String(row.threads), ...figures.map(figure)];
}

function latencyLine({ load, framesPerSecond, p50Ms, p99Ms, p99OverP50 }: LatencyReport): string {
  const [rate, p50, p99, ratio] = [framesPerSecond, p50Ms, p99Ms, p99OverP50].map(figure);
  return `Latency at ${percent(load)} load (${rate} frames/s): p50 ${p50} ms, p99 ${p99} ms, ${ratio} ×`;
}

function threadHeads({ cases }: BenchReport): string[] {
  return [...new Set(cases.map(({ threads }) => count(threads, 'thread')))];
}

function ratioRows({ ratios }: BenchReport): string[][] {
  const row = (label: string, values: ByThreads<Spread>): string[] => [
    `  ${label}`,
    ...byThreads(values, range),
  ];
  const { allOverOne } = ratios;
  return [
    row('encoder over wasm', ratios.encoderOverWasm),
    row('encoder over wasm, by CPU time', ratios.encoderOverWasmCpu),
    row('network over ResNet-18, on wasm', ratios.denseOverResnet18Patches),
    row('engine over patch by patch', ratios.engineOverPatches),
    row('engine over encoder', ratios.engineOverEncoder),
    row('encoder over network', ratios.encoderOverNetwork),
    row("encoder's share of engine's CPU", ratios.encoderShareOfEngineCpu),
    ...(allOverOne ? [['  engine over 1 thread', '', range(allOverOne.engine)]] : []),
    ...(allOverOne ? [['  encoder over 1 thread', '', range(allOverOne.encoder)]] : []),
  ];
}

function engineRows(engine: ByThreads<EngineReport>): string[][] {
  const stages = STAGES.filter((stage) => stage !== 'overlay');
  const late = ({ eventLoopDelayMs: { p50, p99, max } }: EngineReport): string =>
    `${figure(p50)}, ${figure(p99)}, ${figure(max)}`;
  return [
    ...stages.map((stage) => [
      `  ${stage}, ms`,
      ...byThreads(engine, ({ stagesMs }) => figure(stagesMs[stage])),
    ]),
    ['  main thread late p50, p99, max, ms', ...byThreads(engine, late)],
  ];
}

function byThreads<T>({ one, all }: ByThreads<T>, text: (value: T) => string): string[] {
  return [text(one), ...(all === undefined ? [] : [text(all)])];
}

function range({ median, min, max }: Spread): string {
  return `${figure(median)} (${figure(min)}–${figure(max)})`;
}

/** An ISO 8601 date for people. */
function minute(date: string): string {
  return `${date.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Three digits that count. */
function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** What `patchline bench` says, as one JSON object; fields are added, none is renamed. */
import type { Stage } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import type { EventLoopDelay } from './engine-run.js';
import type { LatencyReport } from './latency.js';
import type { Machine } from './machine.js';
import { type Rate, ratioOf, type Spread, spreadOf } from './rounds.js';

/**
 * `network`: the convolutions alone. `encoder`: these and the linear parts of the densities.
 * `engine`: JPEG files to verdicts. `patches`: the engine, each 64 px patch cut out and run by
 * itself. The baselines run on wasm, whatever the back end: `wasm-network` and `wasm-encoder` as
 * above, `resnet18-patches`: the paper's backbone patch by patch, extrapolated from some patches.
 */
export const CASES = [
  'network',
  'encoder',
  'engine',
  'patches',
  'wasm-network',
  'wasm-encoder',
  'resnet18-patches',
] as const;
export type CaseName = (typeof CASES)[number];

export interface CaseReport {
  readonly name: CaseName;
  /** Threads that run the network; the engine has others that decode. */
  readonly threads: number;
  readonly framesPerSecond: Spread;
  readonly cpuMsPerFrame: Spread;
  readonly rounds: readonly Rate[];
}

/** With one thread, and with all: one a core. On a machine of one core there is only `one`. */
export type ByThreads<T> = { readonly one: T; readonly all?: T };

/** How many times the one is the other, measured in the same rounds. */
export interface Ratios {
  /** The back end against wasm. */
  readonly encoderOverWasm: ByThreads<Spread>;
  /** The same in CPU time: how many times less a frame takes. */
  readonly encoderOverWasmCpu: ByThreads<Spread>;
  /** The convolutions of a whole frame against the paper's backbone patch by patch, both on wasm. */
  readonly denseOverResnet18Patches: ByThreads<Spread>;
  readonly engineOverResnet18Patches: ByThreads<Spread>;
  readonly engineOverPatches: ByThreads<Spread>;
  readonly engineOverEncoder: ByThreads<Spread>;
  readonly encoderOverNetwork: ByThreads<Spread>;
  /** Share of the engine's CPU time that the encoder alone would take. */
  readonly encoderShareOfEngineCpu: ByThreads<Spread>;
  readonly allOverOne?: Readonly<Record<CaseName, Spread>>;
}

/** What the engine said of itself while it was measured. */
export interface EngineReport {
  /** Mean milliseconds of a frame in each stage. */
  readonly stagesMs: Readonly<Record<Stage, number>>;
  readonly eventLoopDelayMs: EventLoopDelay;
}

export interface BenchReport {
  readonly schema: 'patchline.bench/1';
  readonly machine: Machine;
  readonly backend: string;
  readonly model: {
    readonly id: string;
    readonly name: string;
    /** Its directory; absent if it was fitted on the spot, to the synthetic line's metal. */
    readonly dir?: string;
    readonly views: readonly string[];
    readonly density: string;
  };
  readonly frame: Size & { readonly format: 'jpeg'; readonly patches: number };
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    /** Patches that ResNet-18 was run on; its speed on a frame is extrapolated. */
    readonly resnet18Patches: number;
  };
  readonly cases: readonly CaseReport[];
  readonly ratios: Ratios;
  readonly engine: ByThreads<EngineReport>;
  /** From a frame that comes to its verdict, in the engine with all threads. */
  readonly latency: LatencyReport;
}

/** What was measured of one case with a number of threads. */
export interface Figures {
  readonly name: CaseName;
  readonly threads: number;
  readonly rounds: readonly Rate[];
}

/** In the order of CASES, with one thread first. */
export function casesOf(figures: readonly Figures[]): CaseReport[] {
  const inOrder = CASES.flatMap((name) => figures.filter((f) => f.name === name));
  return inOrder.map(({ name, threads, rounds }) => ({
    name,
    threads,
    framesPerSecond: spreadOf(rounds.map((rate) => rate.framesPerSecond)),
    cpuMsPerFrame: spreadOf(rounds.map((rate) => rate.cpuMsPerFrame)),
    rounds,
  }));
}

/** @param figures of every case with one thread, and with all where these are more */
export function ratiosOf(figures: readonly Figures[]): Ratios {
  const one = (name: CaseName) => figures.find((f) => f.name === name) as Figures;
  const all = (name: CaseName) => figures.findLast((f) => f.name === name) as Figures;
  const parallel = all('network').threads > 1;
  const compare = (a: CaseName, b: CaseName, compared = speed): ByThreads<Spread> => ({
    one: compared(one(a), one(b)),
    ...(parallel && { all: compared(all(a), all(b)) }),
  });
  const gain = (name: CaseName) => [name, speed(all(name), one(name))] as const;
  return {
    encoderOverWasm: compare('encoder', 'wasm-encoder'),
    encoderOverWasmCpu: compare('wasm-encoder', 'encoder', cpuTime),
    denseOverResnet18Patches: compare('wasm-network', 'resnet18-patches'),
    engineOverResnet18Patches: compare('engine', 'resnet18-patches'),
    engineOverPatches: compare('engine', 'patches'),
    engineOverEncoder: compare('engine', 'encoder'),
    encoderOverNetwork: compare('encoder', 'network'),
    encoderShareOfEngineCpu: compare('encoder', 'engine', cpuTime),
    ...(parallel && {
      allOverOne: Object.fromEntries(CASES.map(gain)) as Record<CaseName, Spread>,
    }),
  };
}

function speed(a: Figures, b: Figures): Spread {
  const rates = ({ rounds }: Figures) => rounds.map((rate) => rate.framesPerSecond);
  return ratioOf(rates(a), rates(b));
}

function cpuTime(a: Figures, b: Figures): Spread {
  const times = ({ rounds }: Figures) => rounds.map((rate) => rate.cpuMsPerFrame);
  return ratioOf(times(a), times(b));
}

import test from 'ava';
import { CASES, casesOf, type Figures, ratiosOf } from '../../src/bench/report.js';

/** Frames per second of each case and round; CPU time as if one thread did all. */
function figures(threads: number, rates: Readonly<Record<string, number[]>>): Figures[] {
  return CASES.map((name) => ({
    name,
    threads,
    rounds: rates[name].map((rate) => ({ framesPerSecond: rate, cpuMsPerFrame: 1000 / rate })),
  }));
}

const one = figures(1, {
  network: [60, 50, 40],
  encoder: [50, 40, 40],
  engine: [40, 36, 30],
  patches: [0.5, 0.5, 0.5],
  'wasm-network': [60, 50, 40],
  'wasm-encoder': [10, 10, 10],
  'resnet18-patches': [0.04, 0.04, 0.04],
});
const all = figures(4, {
  network: [200, 200, 200],
  encoder: [160, 160, 160],
  engine: [144, 144, 144],
  patches: [2, 2, 2],
  'wasm-network': [200, 200, 200],
  'wasm-encoder': [40, 40, 40],
  'resnet18-patches': [0.1, 0.1, 0.1],
});

const rounded = (value: number): number => Number(value.toPrecision(6));

test('a case is reported with its rounds and what they say', (t) => {
  const [network] = casesOf(one);
  t.is(network.name, 'network');
  t.is(network.threads, 1);
  t.deepEqual(network.framesPerSecond, { median: 50, min: 40, max: 60 });
  t.is(network.cpuMsPerFrame.median, 20);
  t.is(network.rounds.length, 3);
});

test('ratios compare the same rounds and the same number of threads', (t) => {
  const ratios = ratiosOf([...one, ...all]);
  t.deepEqual(ratios.engineOverEncoder.one, { median: 0.8, min: 0.75, max: 0.9 });
  t.is(ratios.engineOverEncoder.all?.median, 0.9);
  t.is(rounded(ratios.denseOverResnet18Patches.one.median), 1250);
  t.is(rounded(ratios.denseOverResnet18Patches.all?.median ?? 0), 2000);
  t.is(ratios.engineOverPatches.one.median, 72);
  t.deepEqual(ratios.encoderOverWasm.one, { median: 4, min: 4, max: 5 });
  t.is(rounded(ratios.encoderOverWasmCpu.all?.median ?? 0), 4);
  t.is(ratios.encoderOverNetwork.all?.median, 0.8);
  t.is(rounded(ratios.encoderShareOfEngineCpu.one.median), 0.8);
  t.is(ratios.allOverOne?.network.median, 4);
  t.deepEqual(Object.keys(ratios.allOverOne ?? {}), [...CASES]);
});

test('a machine of one core has no figures of all threads', (t) => {
  const ratios = ratiosOf(one);
  t.is(ratios.allOverOne, undefined);
  t.deepEqual(Object.keys(ratios.engineOverEncoder), ['one']);
});

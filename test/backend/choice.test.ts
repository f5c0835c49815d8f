import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { AUTOMATIC_BACKENDS } from '../../src/backend/backends.js';
import { chooseBackend } from '../../src/backend/choice.js';
import { ProbeMemory } from '../../src/backend/memory.js';
import type { ProbeModel, ProbeResult } from '../../src/backend/probe.js';
import { viewRequest } from '../../src/detect/detector.js';
import { smallNetwork } from '../helpers/models.js';

const network = smallNetwork(1);
const model: ProbeModel = {
  network,
  views: ['rf8', 'rf64'].map((name) => viewRequest(network, name)),
  size: { width: 96, height: 80 },
};

/** A probe with these results, which counts its calls. */
function probeOf(results: readonly ProbeResult[]) {
  const calls: (readonly string[])[] = [];
  const probe = (names: readonly string[]): Promise<ProbeResult[]> => {
    calls.push(names);
    return Promise.resolve([...results]);
  };
  return { calls, probe };
}

const rates = (onnx: number, wasm: number): ProbeResult[] => [
  { name: 'onnx', framesPerSecond: onnx },
  { name: 'wasm', framesPerSecond: wasm },
];

let home: string;
test.beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'patchline-cache-'));
});
test.afterEach.always(() => rm(home, { recursive: true, force: true }));

test.serial('auto takes the fastest, whichever that is, and says both rates', async (t) => {
  for (const [onnx, wasm, expected] of [
    [80, 20, 'onnx'],
    [20, 80.4, 'wasm'],
  ] as const) {
    const lines: string[] = [];
    const { probe, calls } = probeOf(rates(onnx, wasm));
    const memory = new ProbeMemory(join(home, expected));
    const context = { say: (line: string) => lines.push(line), probe, memory };
    t.is(await chooseBackend('auto', model, context), expected);
    t.deepEqual(calls, [AUTOMATIC_BACKENDS]);
    t.is(lines.length, 1);
    t.regex(lines[0], new RegExp(`back end ${expected}: 80 frames/s of 96×80 px.* 20 `));
  }
});

test.serial('what a probe measured is remembered, for the same model only', async (t) => {
  const lines: string[] = [];
  const { probe, calls } = probeOf(rates(80, 20));
  const context = { say: (line: string) => lines.push(line), probe };
  const choose = (it: ProbeModel) =>
    chooseBackend('auto', it, { ...context, memory: new ProbeMemory(home) });
  await choose(model);
  t.is(await choose(model), 'onnx');
  t.is(calls.length, 1);
  t.regex(lines[1], /an earlier probe/);
  await choose({ ...model, size: { width: 128, height: 128 } });
  t.is(calls.length, 2);
  await choose({ ...model, views: model.views.slice(1) });
  t.is(calls.length, 3);
});

test.serial('a back end that fails is told, never chosen, and tried again next time', async (t) => {
  const lines: string[] = [];
  const { probe, calls } = probeOf([
    { name: 'onnx', failure: 'it crashed: SIGSEGV' },
    { name: 'wasm', framesPerSecond: 20 },
  ]);
  const memory = new ProbeMemory(home);
  const context = { say: (line: string) => lines.push(line), probe, memory };
  t.is(await chooseBackend('auto', model, context), 'wasm');
  t.regex(lines[0], /onnx: it crashed: SIGSEGV/);
  await chooseBackend('auto', model, context);
  t.is(calls.length, 2);
});

test.serial('where none runs, the error has all reasons', async (t) => {
  const { probe } = probeOf([
    { name: 'onnx', failure: 'no library' },
    { name: 'wasm', failure: 'no SIMD' },
  ]);
  const memory = new ProbeMemory(home);
  const error = await t.throwsAsync(chooseBackend('auto', model, { say: t.fail, probe, memory }), {
    code: 'PL_BACKEND',
  });
  t.regex(error.message, /onnx: no library; wasm: no SIMD/);
});

test.serial('a name is taken as it is: no probe, no word', async (t) => {
  const probe = () => Promise.reject(new Error('must not probe'));
  t.is(await chooseBackend('cpu', model, { say: t.fail, probe }), 'cpu');
});

test.serial('a cache that is damaged or cannot be written only costs a probe', async (t) => {
  const say = (): void => {};
  const { probe, calls } = probeOf(rates(80, 20));
  const memory = new ProbeMemory(home);
  await mkdir(join(home, 'patchline'));
  for (const content of ['{', '[]', '{"a":1}']) {
    await writeFile(join(home, 'patchline', 'backends.json'), content);
    t.is(await chooseBackend('auto', model, { say, probe, memory }), 'onnx');
  }
  t.is(calls.length, 3);
  await writeFile(join(home, 'file'), '');
  const nowhere = new ProbeMemory(join(home, 'file')); // root may write anywhere but below a file
  t.is(await chooseBackend('auto', model, { say, probe, memory: nowhere }), 'onnx');
  t.is(calls.length, 4);
});

test.serial('the cache stays small', async (t) => {
  const memory = new ProbeMemory(home);
  for (let n = 0; n < 40; n++) await memory.remember({ n }, [{ name: 'wasm', framesPerSecond: 1 }]);
  const file = await readFile(join(home, 'patchline', 'backends.json'), 'utf8');
  t.is(Object.keys(JSON.parse(file)).length, 32);
  t.truthy(await memory.recall({ n: 39 }));
});

/** An exported model in the hands of Python: onnx checks it, its onnxruntime runs it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startBackend } from '../../src/backend/backends.js';
import { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { patchline } from '../helpers/cli.js';
import { surface } from '../helpers/images.js';
import { testModel, testModelDir } from '../helpers/model.js';
import { near } from '../helpers/near.js';
import { missingPython, python } from '../helpers/python.js';

const SIZE = { width: 96, height: 64 };
const missing = missingPython(['numpy', 'onnx', 'onnxruntime']);
const it = missing === undefined ? test.serial : test.serial.skip;

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchline-export-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

it('the scores of two frames in Python are those of Patchline; onnx.checker is content', async (t) => {
  const model = await testModelDir(SIZE);
  const file = join(folder, 'model.onnx');
  const { code, stdout, stderr } = await patchline(
    ['export', '--onnx', file, '--model', model, '--json'],
    { cwd: folder },
  );
  t.is(code, 0, stderr);
  const bundle = await testModel(SIZE);
  const result = JSON.parse(stdout);
  t.like(result, { model: { id: bundle.id }, output: { name: 'scores', rows: 15, cols: 23 } });
  t.is(result.onnx.bytes, (await readFile(file)).length);

  const frames = [surface(SIZE, 70), surface(SIZE, 71)];
  const pixels = Buffer.concat(frames.map(({ data }) => data));
  const shape = [frames.length, SIZE.height, SIZE.width].map(String);
  const seen = JSON.parse(python('onnx_scores.py', [file, ...shape], pixels));
  t.deepEqual(seen.dims, [2, 15, 23]);
  t.is(seen.metadata['patchline.modelId'], bundle.id);
  t.is(Number(seen.metadata['patchline.threshold']), bundle.manifest.calibration.threshold);

  const detector = await LoadedDetector.load(bundle, await startBackend('cpu'));
  const expected: number[] = [];
  for (const frame of frames) {
    const { grid } = await detector.localize(prepareFrame(frame, Number.POSITIVE_INFINITY, true));
    expected.push(...grid.scores);
  }
  near(t, seen.scores, expected, 1e-4);
});

test.serial('a place that cannot be written is an error', async (t) => {
  const file = join(folder, 'nowhere', 'model.onnx');
  const { code, stderr } = await patchline(
    ['export', '--onnx', file, '--model', await testModelDir(SIZE)],
    { cwd: folder },
  );
  t.is(code, 1);
  t.regex(stderr, /cannot write .*nowhere/);
});

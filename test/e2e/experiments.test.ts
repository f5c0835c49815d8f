/** `npm run ablation` as a developer runs it, on a small surface. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { patchline } from '../helpers/cli.js';
import { writeDataset } from './dataset.js';

const MAIN = fileURLToPath(new URL('../../src/experiments/main.js', import.meta.url));
const run = promisify(execFile);

test('the default of the experiments is what train and eval measure; what is done stays done', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-experiments-'));
  await writeDataset(join(dir, 'data', 'weave'));
  const results = join(dir, 'results.jsonl');
  const condition = 'steps=0';
  const args = [
    MAIN,
    'ablation',
    '--data',
    join(dir, 'data'),
    '--only',
    `${condition},paper+steps=0`,
  ];
  args.push('--seeds', '2', '--results', results, '--work', join(dir, 'work'));
  const first = await run(process.execPath, args);
  const lines = (await readFile(results, 'utf8')).trim().split('\n');
  t.is(lines.length, 3); // the run and two results
  const [, untrained, paper] = lines.map((line) => JSON.parse(line));

  const model = ['--model', join(dir, 'model')];
  const steps = ['--steps', '0', '--seed', '2'];
  await patchline(['train', join(dir, 'data', 'weave'), ...model, ...steps], { cwd: dir });
  const judged = ['eval', join(dir, 'data', 'weave'), ...model, '--json', '--backend', 'onnx'];
  const { stdout } = await patchline(judged, { cwd: dir });
  const expected = JSON.parse(stdout);
  const same = (own: Record<string, number>, other: Record<string, number>): void => {
    for (const [name, value] of Object.entries(other)) {
      t.true(Math.abs(own[name] - value) < 1e-4, `${name}: ${own[name]}, ${value}`);
    }
  };
  same(untrained.image, expected.image);
  same(untrained.pixel, expected.pixel);
  same(paper.pixel, expected.control.pixel);
  t.like(untrained.thresholds[0], {
    falseAlarms: expected.threshold.falseAlarms,
    found: expected.threshold.detected,
  });

  const second = await run(process.execPath, args);
  t.is((await readFile(results, 'utf8')).trim().split('\n').length, 3);
  t.is(second.stdout, first.stdout);
  t.regex(first.stdout, /\| steps=0 \| – \| – \|/); // no default to compare with
});

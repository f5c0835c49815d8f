/** `patchline eval`: how good a model is on a dataset with defects, beside its untrained control. */
import { startBackend } from '../backend/backends.js';
import { text } from '../config/kind.js';
import { type Config, optional } from '../config/option.js';
import { chooseFor } from '../detect/choose.js';
import { openDataset } from '../evaluate/dataset.js';
import { measureDetector } from '../evaluate/evaluation.js';
import { type Evaluation, thresholdOf } from '../evaluate/result.js';
import { readBundle } from '../model/bundle.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { backend, existingModel } from './common-options.js';
import { modelResult } from './describe.js';
import { openReport, writeReport } from './eval-report.js';
import {
  assertTestable,
  countsOf,
  missingLines,
  readMasks,
  scoreAll,
  type TestRun,
} from './eval-run.js';
import { tableOf } from './eval-table.js';
import { assertHasMap } from './needs-map.js';
import { Progress } from './progress.js';

const reportKind = {
  ...text('DIR'),
  placeholder: 'FILE.html|DIR',
  expected: 'a file ending in .html, or a directory',
};

const options = {
  model: existingModel,
  report: optional(reportKind, {
    help: 'FILE.html: writes a report for people: verdicts, curves, histograms, the worst misses and false alarms as pictures; one file that needs no network. DIR, new or empty: the same, the score of each image as CSV and JSON, and more pictures.',
    group: 'Report',
  }),
  backend,
};

export const evaluate = defineCommand(
  {
    name: 'eval',
    description:
      "Measures at the size of the model's input. Beside the model stands its control: the same network untrained, with the paper's readout. Training has to earn the difference.",
    operand: {
      placeholder: '<dataset>',
      help: 'A dataset in MVTec layout: test/good, test/<defect>, ground_truth/<defect>/<name>_mask.png.',
      count: 'one',
    },
    options,
    examples: [
      'patchline eval datasets/screw --model models/screw',
      'patchline eval datasets/screw --model models/screw --report screw.html',
      'patchline eval datasets/screw --model models/screw --report report --json > screw.json',
    ],
  },
  run,
);

async function run(config: Config<typeof options>, context: Context): Promise<ExitCode> {
  const { output, operands, signal } = context;
  const bundle = await readBundle(config.model);
  if (config.report !== undefined) assertHasMap(bundle, '--report');
  const { name, test: tests } = await openDataset(operands[0]);
  assertTestable(tests, operands[0]);
  for (const line of missingLines(tests)) output.note(line);
  if (config.report !== undefined) await openReport(config.report);
  const chosen = await chooseFor(config.backend, [bundle], { say: (line) => output.note(line) });
  const backend = await startBackend(chosen);
  const testRun: TestRun = { bundle, backend, tests, progress: new Progress(output), signal };
  const { input, calibration } = bundle.manifest;
  const masks = await readMasks(testRun);
  const start = performance.now();
  const frames = await scoreAll(testRun, 'detector');
  const seconds = (performance.now() - start) / 1000;
  const model = measureDetector(frames, masks, input);
  const control = measureDetector(await scoreAll(testRun, 'control'), masks, input);
  const evaluation: Evaluation = {
    dataset: name,
    model: modelResult(config.model, bundle.id, bundle.manifest),
    frames: countsOf(tests),
    ...model.metrics,
    threshold: thresholdOf(frames, calibration),
    control: control.metrics,
    timing: { framesPerSecond: frames.length / seconds, threads: 1, backend: chosen },
  };
  for (const line of tableOf(evaluation)) output.text(line);
  if (config.report !== undefined) {
    const curves = { model: model.curves, control: control.curves };
    await writeReport(config.report, { run: testRun, evaluation, frames, masks, curves });
    output.text(`Report in ${config.report}`);
  }
  output.result(evaluation);
  return 0;
}

/** `patchline calibrate`: a new threshold for a model, from good images it has not seen. */
import { startBackend } from '../backend/backends.js';
import { text } from '../config/kind.js';
import { type Config, optional, required } from '../config/option.js';
import { loadJudge } from '../detect/frame-judge.js';
import { PatchlineError } from '../errors.js';
import { openDataset } from '../evaluate/dataset.js';
import { calibrate as calibrateDetector } from '../learn/calibrate.js';
import { readImages } from '../learn/images.js';
import { type Bundle, readBundle, writeBundle } from '../model/bundle.js';
import { assertReplaceable } from '../model/directory.js';
import type { Calibration } from '../model/manifest.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { calibrationBackend, rateKind } from './common-options.js';
import { modelLine, modelResult, thresholdLines, thresholdResult } from './describe.js';
import { Progress } from './progress.js';

const options = {
  model: required(text('DIR'), {
    help: 'The directory of the model. It is rewritten in one step and gets a new id.',
    group: 'Model',
  }),
  falseAlarmRate: optional(rateKind, {
    help: 'Share of good frames that may be called anomalous: 0.05 needs 19 images, 0.01 needs 99.',
    defaultText: 'the rate that the model was trained with',
    group: 'Detection',
  }),
  backend: calibrationBackend,
};

export const calibrate = defineCommand(
  {
    name: 'calibrate',
    description:
      'Sets the threshold by all images of the folder. Only images that training has not seen count: with those it learned from, the threshold comes out too low and the line gets more false alarms than promised.',
    operand: {
      placeholder: '<folder>',
      help: 'Good images as the line makes them now.',
      count: 'one',
    },
    options,
    examples: [
      'patchline calibrate photos/this-week --model models/screw',
      'patchline calibrate photos/this-week --model models/screw --false-alarm-rate 0.01',
    ],
  },
  run,
);

async function run(config: Config<typeof options>, context: Context): Promise<ExitCode> {
  const { output, operands, signal } = context;
  const { model, falseAlarmRate } = config;
  const bundle = await readBundle(model);
  await assertReplaceable(model);
  const paths = await goodImages(operands[0]);
  output.note('note: only images that training has not seen make the threshold hold');
  const progress = new Progress(output);
  const total = paths.length;
  const images = await readImages(
    paths,
    bundle.manifest.input,
    (done) => progress.update({ phase: 'reading', done, total }),
    signal,
  );
  const backend = await startBackend(config.backend);
  const judge = await loadJudge(bundle, backend);
  const calibration = await calibrateDetector(
    judge,
    images,
    falseAlarmRate ?? bundle.manifest.calibration.requestedAlpha,
    (done) => progress.update({ phase: 'calibrating', done, total }),
    signal,
  );
  judge.dispose();
  const { files: _, ...manifest } = { ...bundle.manifest, calibration };
  const { id } = await writeBundle(model, manifest, bundle.tensors);
  report(bundle, id, calibration, context);
  return 0;
}

/** A dataset is refused: its `train/good` is what the model has learned from. */
async function goodImages(path: string): Promise<readonly string[]> {
  const dataset = await openDataset(path);
  if (dataset.layout === 'folder') return dataset.trainGood;
  throw new PatchlineError('PL_DATASET', `${path} is a dataset, not a folder of good images`, {
    disposition: 'usage',
    hint: 'give a folder of good images that training has not seen',
  });
}

function report(before: Bundle, id: string, calibration: Calibration, { output }: Context): void {
  const { dir, manifest } = before;
  const { threshold } = manifest.calibration;
  output.text(`${modelLine(dir, id, manifest)}, calibrated anew`);
  for (const line of thresholdLines(calibration)) output.text(line);
  output.text(`  before: ${threshold.toFixed(2)}`);
  output.result({
    model: modelResult(dir, id, manifest),
    threshold: thresholdResult(calibration),
    previous: { id: before.id, threshold: thresholdResult(manifest.calibration) },
  });
}

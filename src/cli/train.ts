/** `patchline train`: from good images to a model directory. */
import { startBackend } from '../backend/backends.js';
import { choice, integer, listOf, numberWithin, onOff, share, text } from '../config/kind.js';
import { type Config, optional, required, withDefault } from '../config/option.js';
import { type Dataset, openDataset } from '../evaluate/dataset.js';
import { placeShare } from '../learn/alignment.js';
import { clippedShare } from '../learn/exposure.js';
import { learnImageModel } from '../learn/image-model.js';
import { chooseImages, type GoodImage, imageLimit, MAX_IMAGES } from '../learn/images.js';
import type { LearnedModel } from '../learn/learned-model.js';
import { learnModel } from '../learn/model.js';
import {
  DEFAULT_LEARNING,
  DEFAULT_READOUT,
  type Progress as LearnProgress,
} from '../learn/options.js';
import { PRESET_NAMES, PRESETS } from '../learn/presets.js';
import type { TrainingContext } from '../learn/proxy-task.js';
import { writeBundle } from '../model/bundle.js';
import { assertReplaceable } from '../model/directory.js';
import { Random } from '../random.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { rateKind, trainingBackend } from './common-options.js';
import { modelLine, modelResult, thresholdLines, thresholdResult } from './describe.js';
import { count, duration, percent, size } from './format.js';
import {
  assertImageSize,
  defaultSide,
  imageLearnOptionsOf,
  imageOptions,
} from './image-training.js';
import { Progress } from './progress.js';
import { alignmentAdvice, exposureAdvice, learnedLines, tooFewImages } from './training-advice.js';
import { assertEnough, inputOf, readGoodImages, sizeKind } from './training-images.js';
import { endUnfinished, learnOptionsOf, openPartial, stepsOf, VIEW_NAMES } from './training-run.js';

const options = {
  model: required(text('DIR'), {
    help: 'Where the model goes. A model that is there already is replaced at the end, in one step.',
    group: 'Model',
  }),
  name: optional(text('NAME'), {
    help: 'What results call the model.',
    defaultText: "the dataset's name",
    group: 'Model',
  }),
  inputSize: optional(sizeKind, {
    help: 'Size at which frames are learned and judged; frames of other sizes are scaled to it. Larger shows finer defects and costs time and memory in proportion to its area.',
    defaultText: 'that of the first image, its longer side at most 512; 128 with --detector image',
    group: 'Images',
  }),
  maxImages: withDefault(integer({ min: 4 }), MAX_IMAGES, {
    help: 'Of more images, that many are chosen by the seed. All are held in memory, so of images larger than 512 px fewer are taken.',
    group: 'Images',
  }),
  preset: withDefault(choice(PRESET_NAMES), 'accurate', {
    help: 'fast: statistics of small windows alone, no network; ready in seconds, less than half of the CPU a frame. balanced: an untrained network beside them; ready within a minute. accurate: the network is trained.',
    group: 'Training',
  }),
  steps: optional(integer({ min: 0 }), {
    help: 'Updates of the network. 0 keeps it random and fits the densities alone: done within a minute; shows places nearly as well, tells bad images apart less well.',
    defaultText: `by --preset: ${PRESET_NAMES.map((name) => PRESETS[name].steps).join(', ')}`,
    group: 'Training',
  }),
  seed: withDefault(integer({ min: 0, max: 2 ** 32 - 1 }), DEFAULT_LEARNING.seed, {
    help: 'Decides every random choice: the same seed, images and machine give the same bytes.',
    group: 'Training',
  }),
  variant: withDefault(choice(['3-way', 'union', 'cutpaste', 'scar']), DEFAULT_LEARNING.variant, {
    help: 'What the network learns to tell apart: good, patch and scar; good and either; good and patch; good and scar.',
    group: 'Training',
  }),
  labels: withDefault(choice(['cell', 'crop']), DEFAULT_LEARNING.labels, {
    help: "cell: larger crops, a label for each place. crop: the paper's 64 px crops with one label each; learns more slowly.",
    group: 'Training',
  }),
  resume: withDefault(onOff, false, {
    help: 'Goes on with a training that was stopped. All options must be the same.',
    group: 'Training',
  }),
  readout: withDefault(choice(['default', 'paper']), 'default', {
    help: 'paper: one Gaussian at receptive field 64, sigma 10, the maximum as score. The options below change parts of either.',
    group: 'Detection',
  }),
  views: optional(listOf(choice(VIEW_NAMES), 'VIEW,…'), {
    help: `What is read of a frame: the network at receptive fields of 8 to 64 px, statistics of 8 or 16 px windows (${VIEW_NAMES.join(' ')}). More cost time.`,
    defaultText:
      'by --preset: rf8,rf16,rf32,rf64,stat8,stat16, with fast stat8,stat16; rf64 with --readout paper',
    group: 'Detection',
  }),
  density: optional(choice(['nearest', 'gaussian', 'kernel', 'location']), {
    help: 'What models good patches: nearest centres, one Gaussian, a kernel density, or a Gaussian for each place (for products that always lie the same).',
    defaultText: 'by --readout: nearest or gaussian',
    group: 'Detection',
  }),
  sigma: optional(numberWithin(0), {
    help: 'Blur of the anomaly map in pixels of the input: less is sharper and noisier.',
    defaultText: 'by --readout: 4 or 10',
    group: 'Detection',
  }),
  lightTolerance: optional(share, {
    help: 'How much brighter or darker than the images good frames may be; 0 where light itself tells defects. The densities also see each image in another light.',
    defaultText: `by --readout: ${DEFAULT_READOUT.tolerance.light} or 0`,
    group: 'Detection',
  }),
  noiseTolerance: optional(share, {
    help: 'How much noise the camera may add: its standard deviation, as a share of full scale.',
    defaultText: `by --readout: ${DEFAULT_READOUT.tolerance.noise} or 0`,
    group: 'Detection',
  }),
  falseAlarmRate: withDefault(rateKind, DEFAULT_LEARNING.alpha, {
    help: 'Share of good frames that may be called anomalous. Smaller misses more defects and needs more images: 0.05 needs 19 held out, 0.01 needs 99.',
    group: 'Detection',
  }),
  ...imageOptions,
  backend: trainingBackend,
};

export type TrainConfig = Config<typeof options>;

export const train = defineCommand(
  {
    name: 'train',
    description:
      'Learns from good images alone: no defect is needed. 45 % of them are held out to set the threshold.',
    operand: {
      placeholder: '<dataset|folder>',
      help: 'A folder of good images, or a dataset in MVTec layout (train/good).',
      count: 'one',
    },
    options,
    rules: [
      {
        options: ['resume', 'preset', 'steps'],
        holds: ({ resume, ...config }) => !resume || stepsOf(config) > 0,
        expected: 'without steps there is nothing to resume',
      },
      {
        options: ['detector', 'batch', 'init'],
        holds: ({ detector, batch, init }) =>
          detector === 'image' || (batch === undefined && init === undefined),
        expected: 'only --detector image takes a batch and weights to start from',
      },
      {
        options: [
          'detector',
          'preset',
          'labels',
          'readout',
          'views',
          'density',
          'sigma',
          'lightTolerance',
          'noiseTolerance',
        ],
        holds: ({
          detector,
          preset,
          labels,
          readout,
          views,
          density,
          sigma,
          lightTolerance,
          noiseTolerance,
        }) =>
          detector === 'patch' ||
          (preset === 'accurate' &&
            labels === 'cell' &&
            readout === 'default' &&
            [views, density, sigma, lightTolerance, noiseTolerance].every(
              (option) => option === undefined,
            )),
        expected:
          'leave out what --detector image has none of: labels by place, a map, densities of patches',
      },
    ],
    examples: [
      'patchline train photos/good --model models/screw',
      'patchline train datasets/screw --model models/screw --false-alarm-rate 0.01',
      'patchline train datasets/screw --model models/screw --resume',
      'patchline train datasets/screw --model models/screw-image --detector image',
    ],
  },
  run,
);

async function run(config: TrainConfig, context: Context): Promise<ExitCode> {
  const { output, operands, signal } = context;
  const start = performance.now();
  await assertReplaceable(config.model);
  const dataset = await openDataset(operands[0]);
  assertEnough(dataset, operands[0]);
  const input = await inputOf(dataset.trainGood[0], config.inputSize, defaultSide(config));
  if (config.detector === 'image') assertImageSize(input.size);
  const limit = Math.min(config.maxImages, imageLimit(input.size));
  const paths = chooseImages(dataset.trainGood, limit, Random.for(config.seed, 'images'));
  output.note(found(dataset, paths.length, input.native, input.size));
  for (const line of tooFewImages(paths.length, config.falseAlarmRate)) output.note(line);
  const progress = new Progress(output);
  const images = await readGoodImages(paths, input.size, progress, signal);
  const { light } = learnOptionsOf(config).readout.tolerance;
  const clipped = { now: clippedShare(images, 0), stronger: clippedShare(images, light) };
  for (const line of exposureAdvice(clipped, light)) output.note(line);
  const alignment = placeShare(images);
  if (config.detector === 'patch') {
    for (const line of alignmentAdvice(alignment, config.density)) output.note(line);
  }
  const backend = await startBackend(config.backend);
  const learner = await learnerOf(config);
  const partial = await openPartial(config, learner.init, backend, images, output);
  try {
    const learned = await learner.learn(config.name ?? dataset.name, images, {
      onProgress: (step) => progress.update(stepOf(step)),
      checkpoints: partial,
      signal,
    });
    const { id } = await writeBundle(config.model, learned.manifest, learned.tensors);
    await partial.remove();
    report(config, dataset, learned, { id, alignment, ms: performance.now() - start }, context);
    return 0;
  } catch (error) {
    throw await endUnfinished(partial, error, context);
  }
}

/** What learns, and the digest of the weights that it starts from. */
async function learnerOf(config: TrainConfig): Promise<{ learn: Learn; init: string }> {
  if (config.detector === 'patch') {
    const options = learnOptionsOf(config);
    return { learn: (name, images, how) => learnModel(name, images, options, how), init: '' };
  }
  const options = await imageLearnOptionsOf(config);
  return {
    learn: (name, images, how) => learnImageModel(name, images, options, how),
    init: options.init?.sha256 ?? '',
  };
}

type Learn = (
  name: string,
  images: readonly GoodImage[],
  context: Partial<TrainingContext>,
) => Promise<LearnedModel>;

function found(
  { name, trainGood }: Dataset,
  used: number,
  native: { width: number; height: number },
  input: { width: number; height: number },
): string {
  const chosen = used === trainGood.length ? '' : `, ${used} of them chosen by the seed`;
  const scaled = size(native) === size(input) ? '' : `, learned at ${size(input)}`;
  return `${name}: ${count(trainGood.length, 'good image')} of ${size(native)} px${scaled}${chosen}`;
}

const PHASES: Readonly<Record<LearnProgress['phase'], string>> = {
  read: 'reading',
  train: 'training',
  fit: 'fitting',
  control: 'control',
  calibrate: 'calibrating',
};

function stepOf({ phase, done, total, loss, heldOut }: LearnProgress) {
  const held =
    heldOut === undefined
      ? ''
      : `, held out ${heldOut.loss.toFixed(3)}, accuracy ${percent(heldOut.accuracy, 0)}`;
  const detail = loss === undefined ? {} : { detail: `loss ${loss.toFixed(3)}${held}` };
  return { phase: PHASES[phase], done, total, ...detail };
}

function report(
  config: TrainConfig,
  dataset: Dataset,
  { manifest }: LearnedModel,
  { id, alignment, ms }: { readonly id: string; readonly alignment: number; readonly ms: number },
  { output, operands }: Context,
): void {
  const { input, training, calibration } = manifest;
  output.text(`${modelLine(config.model, id, manifest)}, learned in ${duration(ms)}`);
  for (const line of learnedLines(training)) output.text(line);
  for (const line of thresholdLines(calibration)) output.text(line);
  const next = dataset.test.length > 0 ? `eval ${operands[0]}` : 'score <images>';
  output.text(`Next: patchline ${next} --model ${config.model}`);
  output.result({
    model: modelResult(config.model, id, manifest),
    dataset: dataset.name,
    input,
    training,
    alignment,
    threshold: thresholdResult(calibration),
    timing: { seconds: ms / 1000 },
  });
}

/** `patchline inspect`: what a model is. */
import type { Config } from '../config/option.js';
import { reachOf } from '../cutpaste/network.js';
import { isImageLevel } from '../detect/image-detector.js';
import { readBundle } from '../model/bundle.js';
import type { DetectorSpec, ImageDetectorSpec, Manifest, ViewSpec } from '../model/manifest.js';
import type { Tensors } from '../model/safetensors.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { existingModel } from './common-options.js';
import { modelResult, startingFeatures, thresholdLines, thresholdResult } from './describe.js';
import { bytes, columns, count, percent, size } from './format.js';

const options = { model: existingModel };

export const inspect = defineCommand(
  {
    name: 'inspect',
    description: 'Checks every file of the model against its digest, too.',
    options,
    examples: ['patchline inspect --model models/screw'],
  },
  run,
);

async function run({ model }: Config<typeof options>, { output }: Context): Promise<ExitCode> {
  const { id, manifest, tensors } = await readBundle(model);
  const { name, input, detector, training, calibration, files, createdBy, version } = manifest;
  const { facts: ofDetector, views, ...about } = describe(detector, tensors);
  const facts = [
    ['Model', name],
    ['Id', id],
    ['Made by', `${createdBy}, format version ${version}`],
    ['Input', `${size(input)} px`],
    ['Training', trainingText(training)],
    ...ofDetector,
    ...toleranceFacts(training),
  ];
  for (const [label, value] of facts) output.text(`${label.padEnd(9)} ${value}`);
  for (const line of thresholdLines(calibration)) output.text(line);
  if (views.length > 0) {
    output.text('Views');
    for (const line of columns(views.map(viewRow))) output.text(`  ${line}`);
  }
  output.text('Files');
  const sizes = Object.entries(files).map(([file, entry]) => [file, bytes(entry.bytes)]);
  for (const line of columns(sizes)) output.text(`  ${line}`);
  output.result({
    model: modelResult(model, id, manifest),
    createdBy,
    version,
    input,
    views,
    ...about,
    threshold: thresholdResult(calibration),
    training,
    control: controlOf(manifest.control),
    files,
  });
  return 0;
}

/** What people and programs are told of a detector. */
function describe(spec: Manifest['detector'], tensors: Readonly<Record<string, Tensors>>) {
  const arrays = Object.values(tensors[spec.network.file]);
  const weights = arrays.reduce((sum, { data }) => sum + data.length, 0);
  return isImageLevel(spec) ? describeImageLevel(spec, weights) : describePatches(spec, weights);
}

function describePatches({ network: { layers }, views, map }: DetectorSpec, weights: number) {
  const { receptiveField, jump } = reachOf(layers)[layers.length - 1];
  const reach = `sees ${receptiveField} px every ${jump} px`;
  return {
    facts: [
      ['Network', `${layers.length} convolutions, ${weightsText(weights)}; ${reach}`],
      ['Map', mapText(map)],
    ],
    network: { layers: layers.length, weights, receptiveField, stride: jump },
    views,
    map,
  };
}

function describeImageLevel(
  { network: { architecture }, density }: ImageDetectorSpec,
  weights: number,
) {
  return {
    facts: [
      ['Network', `${architecture} over the whole frame, ${weightsText(weights)}; ${density}`],
      ['Map', 'none: an image-level detector says whether, not where'],
    ],
    network: { architecture, weights },
    views: [],
    map: null,
  };
}

function weightsText(weights: number): string {
  return `${weights.toLocaleString('en')} weights`;
}

function controlOf(spec: Manifest['control']) {
  return isImageLevel(spec) ? { views: [], map: null } : { views: spec.views, map: spec.map };
}

function trainingText(training: Manifest['training']): string {
  const { steps, seed, variant, labels, init, images, loss, accuracy, heldOut } = training;
  const { fit, standardise, calibrate } = images;
  const how =
    steps === 0
      ? `none (${init === undefined ? 'random' : 'given'} weights)`
      : `${steps} steps of ${variant}, one label per ${labels}`;
  const outcome =
    loss === undefined || accuracy === undefined
      ? ''
      : `, loss ${loss.toFixed(3)}, accuracy ${percent(accuracy, 0)}`;
  const held = heldOut === undefined ? '' : `, held out ${percent(heldOut.accuracy, 0)}`;
  const use = heldOut?.learned === false ? `, not learned: ${startingFeatures(training)}` : '';
  return `${how}, seed ${seed}${outcome}${held}${use}; ${count(fit, 'image')} + ${standardise} to standardise + ${calibrate} for the threshold`;
}

function toleranceFacts({ tolerance }: Manifest['training']): string[][] {
  if (tolerance === undefined) return [];
  const { light, noise } = tolerance;
  return [['Tolerates', `light ±${percent(light)}, noise of ${percent(noise)}`]];
}

function mapText({ sigma, borderCorrection, topShare, centred }: DetectorSpec['map']): string {
  const score = topShare === 0 ? 'its maximum' : `the mean of its highest ${percent(topShare)}`;
  const level = centred ? ', less the quiet level of the frame' : '';
  return `sigma ${sigma} px${borderCorrection ? '' : ', borders not corrected'}${level}; the score is ${score}`;
}

function viewRow({ name, receptiveField, dim, density, mix }: ViewSpec): string[] {
  const how = mix === undefined ? density : `${density} (${mix})`;
  return [name, `sees ${receptiveField} px`, `${dim} numbers`, how];
}

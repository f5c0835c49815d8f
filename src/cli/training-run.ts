/** The options of a training in the words of `learn`, and its unfinished runs. */
import { isAbsolute, relative, resolve } from 'node:path';
import { type Backend, backendText } from '../backend/backend.js';
import { DEFAULT_LAYERS, reachOf } from '../cutpaste/network.js';
import { PatchlineError } from '../errors.js';
import type { GoodImage } from '../learn/images.js';
import {
  DEFAULT_LEARNING,
  DEFAULT_READOUT,
  type LearnOptions,
  PAPER_READOUT,
  type Readout,
} from '../learn/options.js';
import { digestOf, PartialRun, type RunRecord } from '../learn/partial.js';
import { PRESETS } from '../learn/presets.js';
import { PATCHLINE_VERSION } from '../version.js';
import type { Context } from './command.js';
import { size } from './format.js';
import type { Output } from './output.js';
import type { TrainConfig } from './train.js';

/** Every receptive field at which the network can be read, and the windows of statistics. */
export const VIEW_NAMES = [
  'stat8',
  'stat16',
  ...reachOf(DEFAULT_LAYERS).flatMap(({ jump, receptiveField }) =>
    jump === 4 ? [`rf${receptiveField}`] : [],
  ),
] as const satisfies readonly string[];

export function learnOptionsOf(config: TrainConfig): LearnOptions {
  const { seed, variant, labels, falseAlarmRate: alpha } = config;
  const steps = stepsOf(config);
  return { ...DEFAULT_LEARNING, steps, seed, variant, labels, readout: readoutOf(config), alpha };
}

export function stepsOf({ preset, steps }: Pick<TrainConfig, 'preset' | 'steps'>): number {
  return steps ?? PRESETS[preset].steps;
}

function readoutOf({ views, density, sigma, ...config }: TrainConfig): Readout {
  const own = { ...DEFAULT_READOUT, views: PRESETS[config.preset].views };
  const base = config.readout === 'paper' ? PAPER_READOUT : own;
  const { lightTolerance: light, noiseTolerance: noise } = config;
  return {
    ...base,
    ...(views && { views }),
    // The paper's readout has no centres of its own.
    ...(density && { density, centres: DEFAULT_READOUT.centres }),
    ...(sigma !== undefined && { sigma }),
    tolerance: { light: light ?? base.tolerance.light, noise: noise ?? base.tolerance.noise },
  };
}

/**
 * Opens the run that lies beside the model's directory, to go on with it or to replace it.
 *
 * @param init digest of the weights that it starts from
 */
export async function openPartial(
  config: TrainConfig,
  init: string,
  backend: Backend,
  images: readonly GoodImage[],
  output: Output,
): Promise<PartialRun> {
  const dir = partialDir(config.model);
  const record = { ...recordOf(config, backend, images), 'digest of --init': init };
  if (config.resume) {
    const partial = await PartialRun.resume(dir, record);
    output.note(`going on from step ${partial.step ?? 0}`);
    return partial;
  }
  if (await PartialRun.exists(dir)) {
    output.note(`an unfinished training in ${dir} is replaced (--resume would go on with it)`);
  }
  return PartialRun.begin(dir, record);
}

function partialDir(model: string): string {
  const dir = `${resolve(model)}.partial`;
  return isAbsolute(model) ? dir : relative('', dir);
}

/** Everything the bytes of the model depend on. */
function recordOf(config: TrainConfig, backend: Backend, images: readonly GoodImage[]): RunRecord {
  const { readout, seed, steps, variant, labels } = learnOptionsOf(config);
  return {
    patchline: PATCHLINE_VERSION,
    '--steps': steps,
    '--seed': seed,
    '--variant': variant,
    '--labels': labels,
    '--detector': config.detector,
    '--batch': config.batch ?? '',
    '--views': readout.views.join(','),
    '--density': readout.density,
    '--sigma': readout.sigma,
    '--light-tolerance': readout.tolerance.light,
    '--noise-tolerance': readout.tolerance.noise,
    '--readout': config.readout,
    '--false-alarm-rate': config.falseAlarmRate,
    '--backend': backendText(backend),
    '--name': config.name ?? '',
    'input size': size(images[0].pixels),
    'number of images': images.length,
    'digest of the images': digestOf(images),
  };
}

/**
 * What to do about a training that failed or was stopped: without a checkpoint nothing of it stays,
 * with one it can be resumed.
 *
 * @returns the error to throw
 */
export async function endUnfinished(
  partial: PartialRun,
  error: unknown,
  { output, signal }: Context,
): Promise<unknown> {
  if (partial.step === undefined) {
    await partial.remove();
    return error;
  }
  const kept = `training is kept up to step ${partial.step}`;
  const advice = 'the same command with --resume goes on from there';
  if (error === signal.reason) {
    return new PatchlineError('PL_ABORTED', `stopped; no model was written, but ${kept}`, {
      hint: advice,
    });
  }
  output.note(`${kept}; ${advice}`);
  return error;
}

/** What `train --detector image` has of its own: the paper's image-level detector. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { choice, integer, text } from '../config/kind.js';
import { optional, withDefault } from '../config/option.js';
import { badWeights, isCounter, weightsFrom } from '../cutpaste/resnet18/init.js';
import { asPatchlineError, PatchlineError, systemCode } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import {
  IMAGE_BATCH,
  IMAGE_SIDE,
  IMAGE_SIDES,
  type ImageLearnOptions,
} from '../learn/image-options.js';
import { decodeSafetensors } from '../model/safetensors.js';
import { size } from './format.js';
import type { TrainConfig } from './train.js';
import { stepsOf } from './training-run.js';

export const imageOptions = {
  detector: withDefault(choice(['patch', 'image']), 'patch', {
    help: "patch: scores each place, says where. image: the paper's image-level detector, a ResNet-18 that judges frames as a whole: a verdict without a map. Slow to train, and for comparison: patch finds more.",
    group: 'Detection',
  }),
  batch: optional(integer({ min: 3 }), {
    help: "With --detector image: good and pasted frames in a step. The paper's: 96, at --input-size 256x256 and --steps 65536.",
    defaultText: `${IMAGE_BATCH}`,
    group: 'Training',
  }),
  init: optional(text('FILE'), {
    help: 'With --detector image: starts from these weights instead of random ones. A ResNet-18 as torchvision and timm name its tensors, saved as float32 safetensors; frames are normalised as ImageNet is. With --steps 0 it stays as it is.',
    group: 'Training',
  }),
};

/** Longest side of the input by default; undefined: that of all detectors. */
export function defaultSide({ detector }: Pick<TrainConfig, 'detector'>): number | undefined {
  return detector === 'image' ? IMAGE_SIDE : undefined;
}

/** @throws PL_IMAGE_SIZE (usage) for an input that the image-level detector cannot learn */
export function assertImageSize(input: Size): void {
  const { least, most } = IMAGE_SIDES;
  const sides = [input.width, input.height];
  if (Math.min(...sides) >= least && Math.max(...sides) <= most) return;
  throw new PatchlineError(
    'PL_IMAGE_SIZE',
    `the image-level detector learns frames of ${least} to ${most} px a side, not of ${size(input)}`,
    { disposition: 'usage', hint: 'give another --input-size; the paper has 256x256' },
  );
}

/** @throws PL_WEIGHTS (usage) if the file of --init is not what it should be */
export async function imageLearnOptionsOf(config: TrainConfig): Promise<ImageLearnOptions> {
  const { seed, variant, batch = IMAGE_BATCH, falseAlarmRate: alpha, init } = config;
  const learn = { steps: stepsOf(config), seed, variant, batch, alpha };
  return init === undefined ? learn : { ...learn, init: await readWeights(init) };
}

async function readWeights(path: string): Promise<NonNullable<ImageLearnOptions['init']>> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw badWeights(`${path} cannot be read (${systemCode(cause) ?? cause})`, cause);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { weights: weightsFrom(tensorsOf(bytes, path), path), sha256 };
}

function tensorsOf(bytes: Uint8Array, path: string) {
  try {
    return decodeSafetensors(bytes, path, isCounter);
  } catch (cause) {
    throw badWeights(asPatchlineError(cause).message, cause);
  }
}

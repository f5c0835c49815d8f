import { z } from 'zod';

/**
 * The schema of `model.json`: all of a model but its arrays, which lie beside it as safetensors.
 * No dates and no paths: the same seed and the same images give the same bytes.
 */
export const FORMAT = 'patchline-model';

/**
 * Raised when a bundle written today cannot be read by yesterday's Patchline. 2: `map.centred`;
 * 3: image-level detectors, `training.heldOut`.
 */
export const VERSION = 3;

const positive = z.number().int().positive();
const rate = z.number().gt(0).lt(1);
const share = z.number().min(0).max(1);
const rgb = z.tuple([z.number(), z.number(), z.number()]);

const layerSchema = z.strictObject({
  kernel: positive,
  stride: positive,
  channels: positive,
});

const standardSchema = z.strictObject({ mean: z.number(), deviation: z.number().positive() });

/** One reading of a frame, with the density of good frames in it. */
const viewSchema = z.strictObject({
  /** `rf64`: the network where its receptive field is 64 px; `stat8`: statistics of 8 px windows. */
  name: z.string().regex(/^(rf|stat)\d+$/),
  /** Side of what one cell sees, in pixels of the model's input. */
  receptiveField: positive,
  dim: positive,
  density: z.enum(['gaussian', 'nearest', 'kernel', 'location']),
  /** Which of its two distances a `nearest` density counts. */
  mix: z.enum(['plain', 'local', 'both']).optional(),
  /** Mean and deviation of the density's score on held-out good frames. */
  standard: standardSchema,
});

/** A detector: a network, what is read from it, and how the scores become a map. */
const detectorSchema = z.strictObject({
  network: z.strictObject({ layers: z.array(layerSchema).min(1), file: z.string() }),
  views: z.array(viewSchema).min(1),
  densityFile: z.string(),
  map: z.strictObject({
    stride: positive,
    /** Deviation of the Gaussian that upsamples the scores, in pixels of the model's input. */
    sigma: z.number().positive(),
    borderCorrection: z.boolean(),
    /** The frame score is the mean of this share of the map's highest pixels; 0: the maximum. */
    topShare: z.number().min(0).max(1),
    /** Scores are taken less the quiet level of their frame; no model of version 1 does. */
    centred: z.boolean().default(false),
  }),
});

/**
 * The paper's image-level detector (CutPaste §2–4): the frame is the patch, so there is one embedding
 * and one score, and no map.
 */
const imageDetectorSchema = z.strictObject({
  network: z.strictObject({ architecture: z.literal('resnet18'), file: z.string() }),
  dim: positive,
  density: z.literal('gaussian'),
  densityFile: z.string(),
  /** As of a view. */
  standard: standardSchema,
});

const anyDetectorSchema = z.union([detectorSchema, imageDetectorSchema]);

const calibrationSchema = z.strictObject({
  threshold: z.number(),
  requestedAlpha: rate,
  /** The false-alarm rate that the threshold promises: the requested one, or 1/(n+1) if n is small. */
  alpha: rate,
  /** Held-out good frames behind the threshold. */
  n: positive,
  /** Frame scores of held-out good frames at these probabilities. */
  quantiles: z.array(z.strictObject({ p: z.number(), score: z.number() })),
  /** Map value of a quiet good pixel (median): where the heat colours begin to rise. */
  quiet: z.number(),
  /** The good images with the highest scores, highest first: they set the threshold. */
  setBy: z.array(z.strictObject({ image: z.string(), score: z.number() })),
});

const trainingSchema = z.strictObject({
  steps: z.number().int().nonnegative(),
  seed: z.number().int(),
  variant: z.enum(['cutpaste', 'scar', 'union', '3-way']),
  /** What has a label of its own: a cell, a crop of 64 px, or with an image-level detector a frame. */
  labels: z.enum(['cell', 'crop', 'frame']),
  /** Light and noise that the densities were shown (shares of 1); absent: those of the images. */
  tolerance: z.strictObject({ light: share, noise: share }).optional(),
  /** Frames and pasted frames in a step of an image-level detector. */
  batch: positive.optional(),
  /** SHA-256 of the weights that an image-level detector started from; absent: random ones. */
  init: z.string().length(64).optional(),
  images: z.strictObject({ fit: positive, standardise: positive, calibrate: positive }),
  /** Smoothed cross entropy and accuracy over the last steps; absent when nothing was trained. */
  loss: z.number().optional(),
  accuracy: z.number().optional(),
  /** The same of good images that were not learned from, with pasted defects; from version 3 on. */
  heldOut: z
    .strictObject({
      loss: z.number(),
      /** Mean of the classes' shares of right answers. */
      accuracy: z.number(),
      chance: z.number(),
      /** false: the accuracy is not above chance, and the network is what training started from. */
      learned: z.boolean(),
    })
    .optional(),
  backend: z.string(),
});

export const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.union([z.literal(1), z.literal(2), z.literal(VERSION)]),
  name: z.string().min(1),
  createdBy: z.string(),
  input: z.strictObject({ width: positive, height: positive }),
  /** Pixels are scaled to 0..1, then (x − mean) / deviation per channel. */
  normalisation: z.strictObject({ mean: rgb, deviation: rgb }),
  detector: anyDetectorSchema,
  calibration: calibrationSchema,
  training: trainingSchema,
  /** The untrained network with the paper's readout, fitted on the same images: what to beat. */
  control: anyDetectorSchema,
  files: z.record(z.string(), z.strictObject({ sha256: z.string().length(64), bytes: positive })),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type DetectorSpec = z.infer<typeof detectorSchema>;
export type ImageDetectorSpec = z.infer<typeof imageDetectorSchema>;
export type ViewSpec = z.infer<typeof viewSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Normalisation = Manifest['normalisation'];

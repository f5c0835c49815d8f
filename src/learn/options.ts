import type { Layer } from '../cutpaste/network.js';
import { DEFAULT_LAYERS } from '../cutpaste/network.js';
import type { Variant } from '../cutpaste/options.js';
import { paperSigma } from '../localize/upsample.js';
import type { Tolerance } from './variation.js';

type DensityKind = 'gaussian' | 'nearest' | 'kernel' | 'location';

/** What is read from a network, and how the scores become a map. */
export interface Readout {
  readonly views: readonly string[];
  readonly density: DensityKind;
  /** Centres of a `nearest` or kernels of a `kernel` density. */
  readonly centres: number;
  readonly sigma: number;
  readonly borderCorrection: boolean;
  readonly topShare: number;
  /** Whether scores are taken less the quiet level of their frame (`quietLevel`). */
  readonly centred: boolean;
  /** What the densities are to take for good. */
  readonly tolerance: Tolerance;
}

/** Four receptive fields and two windows of statistics; what measures best today. */
export const DEFAULT_READOUT: Readout = {
  views: ['rf8', 'rf16', 'rf32', 'rf64', 'stat8', 'stat16'],
  density: 'nearest',
  centres: 128,
  sigma: 4,
  borderCorrection: true,
  topShare: 0.01,
  centred: true,
  tolerance: { light: 0.2, noise: 0.02 },
};

/**
 * The paper's own (CutPaste §4.2, A.5): one Gaussian at receptive field 64, σ by FCDD's rule, the
 * maximum as frame score. Border corrected, since our defects lie at borders too.
 */
export const PAPER_READOUT: Readout = {
  views: ['rf64'],
  density: 'gaussian',
  centres: 0,
  sigma: paperSigma(64),
  borderCorrection: true,
  topShare: 0,
  centred: false,
  tolerance: { light: 0, noise: 0 },
};

export interface LearnOptions {
  readonly layers: readonly Layer[];
  /** Updates of the network; 0 keeps its random weights and fits the densities alone. */
  readonly steps: number;
  readonly seed: number;
  readonly variant: Variant;
  /** `cell`: larger crops with a label for each patch. `crop`: the paper's 64 px crops (Eq. 3). */
  readonly labels: 'cell' | 'crop';
  readonly readout: Readout;
  /** The false-alarm rate that the threshold is to promise. */
  readonly alpha: number;
}

export const DEFAULT_LEARNING: LearnOptions = {
  layers: DEFAULT_LAYERS,
  steps: 300,
  seed: 1,
  variant: '3-way',
  labels: 'cell',
  readout: DEFAULT_READOUT,
  alpha: 0.05,
};

/** Crops in a step: as many 128 px crops cost as much as the paper's batch of 96 (A.1). */
export const CELL_CROPS = 12;
export const PAPER_CROPS = { two: 64, three: 96 };

/** What training tells its user while it works. */
export interface Progress {
  readonly phase: 'read' | 'train' | 'fit' | 'control' | 'calibrate';
  readonly done: number;
  readonly total: number;
  /** Smoothed over the last steps; only while training. */
  readonly loss?: number;
  readonly accuracy?: number;
  /** Of good images that are not learned from, with pasted defects; from step 25 on. */
  readonly heldOut?: { readonly loss: number; readonly accuracy: number };
}

export type OnProgress = (progress: Progress) => void;

/** Three ways from good images to a model, for three budgets of time. */
import { DEFAULT_LEARNING, DEFAULT_READOUT, type LearnOptions } from './options.js';

export const PRESET_NAMES = ['fast', 'balanced', 'accurate'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

type Preset = Pick<LearnOptions, 'steps'> & Pick<LearnOptions['readout'], 'views'>;

/** What each learns and reads; all else is the default. Measured in README, “How good”. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  /** Statistics alone: nothing to train, and no network to run on each frame. */
  fast: { steps: 0, views: ['stat8', 'stat16'] },
  /** The untrained network beside them. */
  balanced: { steps: 0, views: DEFAULT_READOUT.views },
  /** The trained one. More steps than these measured no better. */
  accurate: { steps: DEFAULT_LEARNING.steps, views: DEFAULT_READOUT.views },
};

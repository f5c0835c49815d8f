/** What is compared: the default, and the default with one thing changed. */
import {
  DEFAULT_LEARNING,
  DEFAULT_READOUT,
  type LearnOptions,
  PAPER_READOUT,
  type Readout,
} from '../learn/options.js';
import type { Disturbance } from './disturb.js';

/** What a network is trained on, and how. */
export interface Training extends Partial<Pick<LearnOptions, 'steps' | 'variant' | 'labels'>> {
  /** At most so many good images. */
  readonly images?: number;
  /** This share of the images that pass for good has a defect. */
  readonly hidden?: number;
}

export interface Condition {
  /** What stored results call it: what it means stays. */
  readonly name: string;
  readonly training?: Training;
  readonly readout?: Partial<Readout>;
  /** Pixels between the scores that the map is made from, instead of 4. */
  readonly stride?: 8;
  /** Of the test images; the threshold stays that of the images as they are. */
  readonly disturbance?: Disturbance;
}

export interface Factor {
  readonly title: string;
  /** What the differences are against. */
  readonly reference: Condition;
  readonly conditions: readonly Condition[];
}

export const DEFAULT: Condition = { name: 'default' };

/** What all conditions start from: results are only compared where this is the same. */
export const DEFAULTS = DEFAULT_LEARNING;

/** `steps=100`, `views=rf8+rf16` */
function nameOf(change: object): string {
  return Object.entries(change)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : value}`)
    .join('+');
}

const trained = (training: Training): Condition => ({ name: nameOf(training), training });
const read = (readout: Partial<Readout>): Condition => ({ name: nameOf(readout), readout });
const disturbed = (kind: Disturbance['kind'], amount: number): Condition => ({
  name: nameOf({ [kind]: amount }),
  disturbance: { kind, amount },
});

const VARIANTS = (['cutpaste', 'scar', 'union'] as const).map((variant) => trained({ variant }));
const LABELS = [trained({ labels: 'crop' })];
const STEPS = [0, 100, 600].map((steps) => trained({ steps }));
const PAPER: Condition = { name: 'paper', readout: PAPER_READOUT };

/** With the paper's readout nothing stands beside the network: training shows undiluted. */
const PAPER_TRAININGS = [...VARIANTS, ...LABELS, ...STEPS].map(
  (condition): Condition => ({ ...condition, ...PAPER, name: `paper+${condition.name}` }),
);

const network = DEFAULT_READOUT.views.filter((view) => view.startsWith('rf'));
const statistics = DEFAULT_READOUT.views.filter((view) => view.startsWith('stat'));

const ABLATION: readonly Factor[] = [
  { title: 'Paste variant (default 3-way)', reference: DEFAULT, conditions: VARIANTS },
  {
    title: 'Labels (default: larger crops, one for each cell)',
    reference: DEFAULT,
    conditions: LABELS,
  },
  { title: 'Training steps (default 300)', reference: DEFAULT, conditions: STEPS },
  { title: 'The readout of the paper', reference: DEFAULT, conditions: [PAPER] },
  {
    title: 'Training under the readout of the paper',
    reference: PAPER,
    conditions: PAPER_TRAININGS,
  },
  {
    title: 'Views (default: the network at four receptive fields, and statistics)',
    reference: DEFAULT,
    conditions: [network, statistics, ...network.map((view) => [view])].map((views) =>
      read({ views }),
    ),
  },
  {
    title: 'Density (default: distance to the nearest of 128 centres, shared by all places)',
    reference: DEFAULT,
    conditions: (['gaussian', 'kernel', 'location'] as const).map((density) => read({ density })),
  },
  {
    title: 'Smoothing, px (default 4)',
    reference: DEFAULT,
    conditions: [2, 6, 10].map((sigma) => read({ sigma })),
  },
  {
    title: 'Correction at the border (default on)',
    reference: DEFAULT,
    conditions: [read({ borderCorrection: false })],
  },
  {
    title: 'Distance of the scores, px (default 4)',
    reference: DEFAULT,
    conditions: [
      { name: 'stride=8', stride: 8 },
      { name: 'stride=8+sigma=6', stride: 8, readout: { sigma: 6 } },
    ],
  },
  {
    title: 'Frame score: mean of the highest share of the map (default 0.01; 0: its maximum)',
    reference: DEFAULT,
    conditions: [0, 0.003, 0.03].map((topShare) => read({ topShare })),
  },
  {
    title: 'Scores less the quiet level of their frame (default on)',
    reference: DEFAULT,
    conditions: [read({ centred: false })],
  },
];

const INTOLERANT: Condition = {
  name: 'tolerance=0',
  readout: { tolerance: { light: 0, noise: 0 } },
};

const LIGHT_AND_NOISE = [
  disturbed('brightness', 0.8),
  disturbed('brightness', 1.2),
  disturbed('noise', 5),
];

const ROBUSTNESS: readonly Factor[] = [
  {
    title: 'Test images disturbed, threshold as it was',
    reference: DEFAULT,
    conditions: [
      ...LIGHT_AND_NOISE,
      disturbed('blur', 1),
      disturbed('jpeg', 50),
      disturbed('shift', 2),
      disturbed('rotation', 10),
    ],
  },
  {
    title: 'Densities fitted to images in one light, without added noise',
    reference: DEFAULT,
    conditions: [INTOLERANT],
  },
  {
    title: 'Those, with test images disturbed',
    reference: INTOLERANT,
    conditions: LIGHT_AND_NOISE.map(({ name, ...condition }) => ({
      ...condition,
      ...INTOLERANT,
      name: `${INTOLERANT.name}+${name}`,
    })),
  },
  {
    title: 'Fewer good images to learn from',
    reference: DEFAULT,
    conditions: [10, 20, 50].map((images) => trained({ images })),
  },
  {
    title: 'Defective images among the good ones (they are missing in the test)',
    reference: DEFAULT,
    conditions: [trained({ hidden: 0.02 })],
  },
];

export const SUITES = { ablation: ABLATION, robustness: ROBUSTNESS } as const;
export type SuiteName = keyof typeof SUITES;

/** Each condition of some suites once, the default first. */
export function conditionsOf(suites: readonly SuiteName[]): Condition[] {
  const all = suites.flatMap((suite) => SUITES[suite]).flatMap(({ conditions }) => conditions);
  return [DEFAULT, ...all];
}

/** What a report tells of. */
import type { Measured } from '../../evaluate/evaluation.js';
import type { Evaluation } from '../../evaluate/result.js';
import type { Manifest } from '../../model/manifest.js';

export interface ReportContent {
  readonly evaluation: Evaluation;
  readonly manifest: Manifest;
  readonly curves: { readonly model: Measured['curves']; readonly control: Measured['curves'] };
  readonly frames: readonly ScoredImage[];
  readonly misses: Mistakes;
  readonly falseAlarms: Mistakes;
  /** When it was measured. */
  readonly at: Date;
}

export interface ScoredImage {
  /** Name of its file. */
  readonly name: string;
  /** `good` or the kind of defect. */
  readonly kind: string;
  readonly good: boolean;
  readonly score: number;
}

export interface Mistakes {
  /** All of them. */
  readonly count: number;
  /** The worst first. */
  readonly shown: readonly Mistake[];
}

export interface Mistake extends ScoredImage {
  readonly width: number;
  readonly height: number;
  /** The frame, with the outline of its mask where there is one, as a data URL. */
  readonly picture: string;
  readonly hasMask: boolean;
  /** The anomaly map over the frame, as a data URL. */
  readonly overlay: string;
}

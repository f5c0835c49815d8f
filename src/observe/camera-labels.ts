import { boundedId } from './ids.js';

/** The label that all cameras beyond the bound share. */
export const OTHER = 'other';

export const DEFAULT_CAMERA_CAP = 200;

export interface CameraLabelOptions {
  /** The cameras that get a label of their own. Default: the first `cap` that are seen. */
  readonly allow?: readonly string[];
  /** How many cameras get a label of their own where there is no allow-list. Default 200. */
  readonly cap?: number;
}

/**
 * Bounds the `camera` label: every label value is a set of time series for ever, and camera ids
 * come from outside.
 */
export class CameraLabels {
  readonly #open: boolean;
  readonly #cap: number;
  /** Camera id → label; never more than the allow-list or the cap. */
  readonly #labels: Map<string, string>;

  constructor({ allow, cap = DEFAULT_CAMERA_CAP }: CameraLabelOptions = {}) {
    this.#open = allow === undefined;
    this.#cap = cap;
    this.#labels = new Map((allow ?? []).map((camera) => [camera, boundedId(camera)]));
  }

  label(camera: string): string {
    const known = this.#labels.get(camera);
    if (known !== undefined) return known;
    if (!this.#open || this.#labels.size >= this.#cap) return OTHER;
    const label = boundedId(camera);
    this.#labels.set(camera, label);
    return label;
  }
}

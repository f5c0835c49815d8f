import { PatchlineError } from '../errors.js';
import type { Bundle } from '../model/bundle.js';

/** Which model judges which camera. */
export class ModelSet {
  readonly #byCamera: ReadonlyMap<string, Bundle>;
  readonly #fallback: Bundle | undefined;

  /** @param fallback judges the cameras that have no model of their own */
  constructor(byCamera: ReadonlyMap<string, Bundle>, fallback: Bundle | undefined) {
    if (byCamera.size === 0 && fallback === undefined) {
      throw new PatchlineError('PL_CONFIG', 'there is no model to judge with', {
        disposition: 'usage',
        hint: 'name one with --model DIR, or a folder of them with --models DIR',
      });
    }
    this.#byCamera = byCamera;
    this.#fallback = fallback;
  }

  /** One model for all cameras. */
  static single(bundle: Bundle): ModelSet {
    return new ModelSet(new Map(), bundle);
  }

  /** Each model once. */
  get all(): Bundle[] {
    const bundles = [...this.#byCamera.values(), ...(this.#fallback ? [this.#fallback] : [])];
    return [...new Map(bundles.map((bundle) => [bundle.id, bundle])).values()];
  }

  find(camera: string): Bundle | undefined {
    return this.#byCamera.get(camera) ?? this.#fallback;
  }

  /** @throws PL_CONFIG (disposition reject) for a camera without model */
  of(camera: string): Bundle {
    const bundle = this.find(camera);
    if (bundle !== undefined) return bundle;
    throw new PatchlineError('PL_CONFIG', `camera '${camera}' has no model`, {
      disposition: 'reject',
      hint: "add a model folder of the camera's name, or one named default",
    });
  }
}

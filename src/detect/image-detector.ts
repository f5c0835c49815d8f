/**
 * The paper's image-level detector (CutPaste §2–4) brought to life on a back end: what ResNet-18 says
 * of the whole frame, and how far that is from good frames (§2.3, Eq. 2).
 */
import type { Backend } from '../backend/backend.js';
import type { ImageEncoder } from '../backend/encoder.js';
import { type Density, score } from '../density/density.js';
import { type Standard, standardise } from '../density/standard.js';
import { PatchlineError } from '../errors.js';
import type { Pixels } from '../frame/pixels.js';
import type { Tensors } from '../model/detector-tensors.js';
import { imageDensityFrom, resnet18From } from '../model/image-tensors.js';
import type { DetectorSpec, ImageDetectorSpec, Manifest } from '../model/manifest.js';

export function isImageLevel(spec: DetectorSpec | ImageDetectorSpec): spec is ImageDetectorSpec {
  return 'architecture' in spec.network;
}

/** @throws PL_CONFIG (usage) if the detector has no patches, and so no map */
export function patchLevel(spec: DetectorSpec | ImageDetectorSpec): DetectorSpec {
  if (!isImageLevel(spec)) return spec;
  throw new PatchlineError('PL_CONFIG', 'an image-level detector has neither patches nor a map', {
    disposition: 'usage',
    hint: 'train a patch-level one: patchline train without --detector image',
  });
}

/** @throws PL_BACKEND if image-level detectors do not run on this back end */
export async function imageEncoder(
  backend: Backend,
  ...[network, normalisation]: Parameters<NonNullable<Backend['imageEncoder']>>
): Promise<ImageEncoder> {
  if (backend.imageEncoder !== undefined) return backend.imageEncoder(network, normalisation);
  throw new PatchlineError(
    'PL_BACKEND',
    `the back end '${backend.name}' does not run image-level detectors`,
    { disposition: 'usage', hint: 'use --backend wasm or tensorflow' },
  );
}

export class ImageDetector {
  readonly encoder: ImageEncoder;
  readonly #density: Density;
  readonly #standard: Standard;

  constructor(encoder: ImageEncoder, density: Density, standard: Standard) {
    this.encoder = encoder;
    this.#density = density;
    this.#standard = standard;
  }

  static async load(
    spec: ImageDetectorSpec,
    { normalisation }: Pick<Manifest, 'normalisation'>,
    tensors: Readonly<Record<string, Tensors>>,
    backend: Backend,
  ): Promise<ImageDetector> {
    const { file } = spec.network;
    const encoder = await imageEncoder(backend, resnet18From(tensors[file], file), normalisation);
    const density = imageDensityFrom(tensors[spec.densityFile], spec);
    return new ImageDetector(encoder, density, spec.standard);
  }

  /** The higher, the stranger. */
  async score(frame: Pixels): Promise<number> {
    const embedding = await this.encoder.embed(frame);
    return standardise(score(this.#density, embedding), this.#standard)[0];
  }

  dispose(): void {
    this.encoder.dispose();
  }
}

/** A stored model brought to life on a back end. */

import type { Backend } from '../backend/backend.js';
import type { Encoder, EncoderInput } from '../backend/encoder.js';
import type { Size } from '../frame/pixels.js';
import { densitiesFrom, networkFrom, type Tensors } from '../model/detector-tensors.js';
import type { DetectorSpec, Manifest } from '../model/manifest.js';
import { readsStatistics, scoringRequest } from './detector.js';
import { patchLevel } from './image-detector.js';
import { type Localization, Localizer } from './localizer.js';

/** As much of a bundle as a detector needs. */
export interface DetectorSource {
  readonly manifest: Pick<Manifest, 'detector' | 'control' | 'input'>;
  readonly tensors: Readonly<Record<string, Tensors>>;
}

/** The stored arrays of a detector, and what it asks of an encoder. */
export function partsOf(spec: DetectorSpec, tensors: DetectorSource['tensors']) {
  const network = networkFrom(tensors[spec.network.file], spec.network);
  const densities = densitiesFrom(tensors[spec.densityFile], spec);
  const requests = spec.views.map(({ name }, v) => scoringRequest(network, name, densities[v]));
  return { network, densities, requests };
}

/** Which detector of a model: itself, or the untrained control that is stored with it. */
export type Which = 'detector' | 'control';

/** What follows the encoder, which needs no back end. @throws as `LoadedDetector.load` */
export function localizerOf(
  { manifest, tensors }: DetectorSource,
  which: Which = 'detector',
): Localizer {
  const spec = patchLevel(manifest[which]);
  return new Localizer(spec, manifest.input, partsOf(spec, tensors).densities);
}

/** An encoder and what follows it. Owns the encoder. */
export class LoadedDetector {
  readonly encoder: Encoder;
  readonly localizer: Localizer;

  private constructor(encoder: Encoder, localizer: Localizer) {
    this.encoder = encoder;
    this.localizer = localizer;
  }

  /**
   * @param which the model itself, or the untrained control that is stored with it
   * @throws PL_CONFIG (usage) if it is an image-level detector
   */
  static async load(
    { manifest, tensors }: DetectorSource,
    backend: Backend,
    which: Which = 'detector',
  ): Promise<LoadedDetector> {
    const spec = patchLevel(manifest[which]);
    const { network, densities, requests } = partsOf(spec, tensors);
    const encoder = await backend.encoder(network, requests);
    return new LoadedDetector(encoder, new Localizer(spec, manifest.input, densities));
  }

  get spec(): DetectorSpec {
    return this.localizer.spec;
  }

  get input(): Size {
    return this.localizer.input;
  }

  get wantsStatistics(): boolean {
    return readsStatistics(this.spec.views);
  }

  async localize(input: EncoderInput): Promise<Localization> {
    const [outputs] = await this.encoder.encode([input]);
    return this.localizer.localize(outputs);
  }

  dispose(): void {
    this.encoder.dispose();
  }
}

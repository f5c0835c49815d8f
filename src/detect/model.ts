/** A stored model brought to life on a back end. */

import type { Backend } from '../backend/backend.js';
import type { Encoder, EncoderInput } from '../backend/encoder.js';
import type { Density } from '../density/density.js';
import type { ScoreGrid } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { densitiesFrom, networkFrom, type Tensors } from '../model/detector-tensors.js';
import type { DetectorSpec, Manifest } from '../model/manifest.js';
import { Detector, parseView, scoringRequest } from './detector.js';
import { patchLevel } from './image-detector.js';
import { MapMaker } from './map.js';

/** Grid and map of one frame. */
export interface Localization {
  readonly grid: ScoreGrid;
  readonly map: Float32Array; // [height, width] of the model's input
  /** Milliseconds in each part. */
  readonly timings: { readonly encode: number; readonly density: number; readonly map: number };
}

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

export class LoadedDetector {
  readonly spec: DetectorSpec;
  readonly input: Size;
  readonly #detector: Detector;
  readonly #maps: MapMaker;

  private constructor(
    spec: DetectorSpec,
    input: Size,
    encoder: Encoder,
    densities: readonly Density[],
  ) {
    this.spec = spec;
    this.input = input;
    this.#detector = new Detector(encoder, spec, densities);
    this.#maps = new MapMaker(spec, input);
  }

  /**
   * @param which the model itself, or the untrained control that is stored with it
   * @throws PL_CONFIG (usage) if it is an image-level detector
   */
  static async load(
    { manifest, tensors }: DetectorSource,
    backend: Backend,
    which: 'detector' | 'control' = 'detector',
  ): Promise<LoadedDetector> {
    const spec = patchLevel(manifest[which]);
    const { network, densities, requests } = partsOf(spec, tensors);
    const encoder = await backend.encoder(network, requests);
    return new LoadedDetector(spec, manifest.input, encoder, densities);
  }

  get encoder() {
    return this.#detector.encoder;
  }

  get wantsStatistics(): boolean {
    return this.spec.views.some(({ name }) => parseView(name).statistics);
  }

  async localize(input: EncoderInput): Promise<Localization> {
    const start = performance.now();
    const outputs = await this.#detector.encoder.encode(input);
    const encoded = performance.now();
    const grid = this.#detector.combine(input.size, outputs);
    const scored = performance.now();
    const map = this.#maps.map(grid);
    const timings = {
      encode: encoded - start,
      density: scored - encoded,
      map: performance.now() - scored,
    };
    return { grid, map, timings };
  }

  dispose(): void {
    this.#detector.dispose();
  }
}

/** The paper's backbone on whole frames, on TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import { affine } from '../cutpaste/gradients.js';
import { ResNet18 } from '../cutpaste/resnet18/inference.js';
import type { FoldedResNet18 } from '../cutpaste/resnet18/weights.js';
import type { Pixels } from '../frame/pixels.js';
import type { Normalisation } from '../model/manifest.js';
import type { BackendMemory, ImageEncoder } from './encoder.js';
import type { Upload } from './upload.js';

/** Holds the weights on the back end of this thread until `dispose`. */
export class TensorImageEncoder implements ImageEncoder {
  readonly backend: string;
  readonly #network: ResNet18;
  readonly #normalisation: Normalisation;
  readonly #upload: Upload;

  constructor(network: FoldedResNet18, normalisation: Normalisation, upload: Upload) {
    this.backend = tf.getBackend();
    this.#network = new ResNet18(network);
    this.#normalisation = normalisation;
    this.#upload = upload;
  }

  async embed({ width, height, data }: Pixels): Promise<Float32Array> {
    const embedding = tf.tidy(() =>
      this.#network.forward(this.#normalise(this.#upload(data, [1, height, width, 3]))),
    );
    const values = await embedding.data<'float32'>(); // not by `dataSync`, which WebGPU has none of
    embedding.dispose();
    return values;
  }

  memory(): BackendMemory {
    const { numBytes, numTensors } = tf.memory();
    return { bytes: numBytes, tensors: numTensors };
  }

  dispose(): void {
    this.#network.dispose();
  }

  /** Bytes → (x/255 − mean)/deviation. Not folded into the filters, which see zeros as padding. */
  #normalise(bytes: tf.Tensor4D): tf.Tensor4D {
    const { mean, deviation } = this.#normalisation;
    const scale = tf.tensor1d(deviation.map((d) => 1 / (255 * d)));
    return affine(bytes, scale, tf.tensor1d(deviation.map((d, c) => -mean[c] / d)));
  }
}

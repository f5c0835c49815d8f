/**
 * TensorFlow.js as numeric engine. `wasm` runs wherever Node does (XNNPACK with SIMD, one thread a
 * back end); `cpu` is plain JavaScript, slow, the reference in tests; `tensorflow` is the library
 * that `patchline setup tensorflow` brings; `webgpu` any GPU with a driver.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { PatchlineError } from '../errors.js';
import type { Backend } from './backend.js';
import { type Device, TensorEncoder } from './tensor-encoder.js';
import { TensorImageEncoder } from './tensor-image-encoder.js';
import { uploadFloats } from './upload.js';

/** What a back end brings besides its name. */
interface Provision extends Device {
  /** Where it has a better one than that of single operations. */
  readonly encoder?: Backend['encoder'];
  /** See `Backend.details`. */
  readonly details?: string;
}

const ON_CPU: Provision = { upload: uploadFloats, gpu: false };

/** Brings a back end's code into this thread. */
const PROVISIONS = {
  wasm: async (): Promise<Provision> => ON_CPU,
  cpu: async (): Promise<Provision> => {
    await import('@tensorflow/tfjs-backend-cpu');
    return ON_CPU;
  },
  tensorflow: async (): Promise<Provision> => {
    const { GraphEncoder, registerNative, uploadBytes } = await import('./native/native.js');
    const { version, device, settings } = registerNative();
    const gpu = device === 'gpu';
    return {
      upload: uploadBytes,
      gpu,
      details: `${version}, ${device.toUpperCase()}, ${settings}`,
      encoder: (network, views) => GraphEncoder.create(network, views, gpu),
    };
  },
  webgpu: async (): Promise<Provision> => {
    const { registerWebGpu } = await import('./webgpu/webgpu.js');
    const { uploadPacked } = await import('./webgpu/upload.js');
    return { details: await registerWebGpu(), upload: uploadPacked, gpu: true };
  },
};

export type TensorflowName = keyof typeof PROVISIONS;

/** Of the back end that was started last in this thread. */
let provision: Provision = ON_CPU;

/** Starts a back end of TensorFlow.js in this thread. @throws PL_BACKEND if it cannot run */
export async function startTensorflow(name: TensorflowName): Promise<Backend> {
  tf.enableProdMode(); // keeps the advice to install other packages off stderr
  const brought = await PROVISIONS[name]?.();
  const started = await tf.setBackend(name).catch(() => false);
  if (!started) {
    throw new PatchlineError('PL_BACKEND', `TensorFlow.js has no back end '${name}' here`);
  }
  await tf.ready();
  provision = brought;
  return runningTensorflow();
}

/** The back end of TensorFlow.js that was started last in this thread: what training uses. */
export function runningTensorflow(): Backend {
  const device = provision;
  return {
    name: tf.getBackend(),
    gpu: device.gpu,
    ...(device.details !== undefined && { details: device.details }),
    encoder:
      device.encoder ?? (async (network, views) => new TensorEncoder(network, views, device)),
    imageEncoder: async (network, normalisation) =>
      new TensorImageEncoder(network, normalisation, device.upload),
  };
}

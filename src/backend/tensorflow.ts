/**
 * TensorFlow.js as numeric engine. `wasm` runs wherever Node does (XNNPACK with SIMD, one thread a
 * back end); `cpu` is plain JavaScript, slow, the reference in tests; `tensorflow` is the library
 * that `patchline setup tensorflow` brings.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { PatchlineError } from '../errors.js';
import type { Backend } from './backend.js';
import { TensorEncoder } from './tensor-encoder.js';

export type TensorflowName = 'wasm' | 'cpu' | 'tensorflow';

/** Starts a back end of TensorFlow.js in this thread. @throws PL_BACKEND if it cannot run */
export async function startTensorflow(name: TensorflowName): Promise<Backend> {
  tf.enableProdMode(); // keeps the advice to install other packages off stderr
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  if (name === 'tensorflow') (await import('./native/native.js')).registerNative();
  const started = await tf.setBackend(name).catch(() => false);
  if (!started) {
    throw new PatchlineError('PL_BACKEND', `TensorFlow.js has no back end '${name}' here`);
  }
  await tf.ready();
  return runningTensorflow();
}

/** The back end of TensorFlow.js that was started last in this thread: what training uses. */
export function runningTensorflow(): Backend {
  return {
    name: tf.getBackend(),
    encoder: async (network, views) => new TensorEncoder(network, views),
  };
}

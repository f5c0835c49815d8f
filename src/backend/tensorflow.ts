/**
 * TensorFlow.js as numeric engine. `wasm` runs wherever Node does (XNNPACK with SIMD, one thread a
 * back end); `cpu` is plain JavaScript, slow, the reference in tests.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { PatchlineError } from '../errors.js';

export const BACKENDS = ['wasm', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Starts the back end of this thread. @throws PL_BACKEND if it was asked for and cannot run. */
export async function startTensorflow(name: BackendName): Promise<void> {
  tf.enableProdMode(); // keeps the advice to install other packages off stderr
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  const started = await tf.setBackend(name).catch(() => false);
  if (!started) {
    throw new PatchlineError(
      'PL_BACKEND',
      `the back end '${name}' does not start on this machine`,
      {
        hint: 'leave out --backend to use wasm, which needs nothing but Node',
      },
    );
  }
  await tf.ready();
}

export interface BackendMemory {
  readonly bytes: number;
  readonly tensors: number;
}

/** What this thread's back end holds. */
export function backendMemory(): BackendMemory {
  const { numBytes, numTensors } = tf.memory();
  return { bytes: numBytes, tensors: numTensors };
}

/**
 * TensorFlow's own library as a back end of TensorFlow.js: `@tensorflow/tfjs-node-gpu`, brought and
 * built by `patchline setup tensorflow`, loaded without that package's installer.
 *
 * Single operations in one thread of a process at a time: the addon keeps the names of their
 * attributes in a table that it shares between threads without a lock. Graphs run in any.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { PatchlineError } from '../../errors.js';
import { registerBatchNormalisation } from './batch-normalisation.js';
import type { Binding, NodeBackend } from './binding.js';
import { registerFusedConvolution } from './fused-convolution.js';
import { ADDON, installationDirectory, KERNELS, usableInstallation } from './installation.js';
import { settingsText, settle } from './settings.js';

export { GraphEncoder } from './graph/encoder.js';
export { uploadBytes } from './upload.js';

/** The name of the back end in tfjs-node's kernels. */
export const NATIVE = 'tensorflow';

export interface NativeFacts {
  /** Of the library. */
  readonly version: string;
  readonly device: 'cpu' | 'gpu';
  /** What the last bits of its results depend on. */
  readonly settings: string;
}

/** Through this the installed kernels get the tfjs-core of this process (see setup/kernels.ts). */
declare global {
  var patchlineTensorflowCore: typeof tf | undefined;
}

/**
 * Registers the back end `tensorflow` in this thread, once.
 *
 * @throws PL_BACKEND if it is not installed, damaged, or does not load
 */
export function registerNative(dir = installationDirectory()): NativeFacts {
  const binding = running() ?? load(dir);
  const device = binding.isUsingGpuDevice() ? 'gpu' : 'cpu';
  return { version: binding.TF_Version, device, settings: settingsText(process.env) };
}

/** The addon, where this thread has loaded it before. */
function running(): Binding | undefined {
  return (tf.findBackend(NATIVE) as NodeBackend | undefined)?.binding;
}

function load(dir: string): Binding {
  usableInstallation(dir);
  settle(process.env);
  const require = createRequire(join(dir, KERNELS, 'package.json'));
  restoreRemoved(require('node:util'));
  globalThis.patchlineTensorflowCore = tf;
  try {
    const binding: Binding = require(join(dir, ADDON));
    require('./dist/register_all_kernels.js');
    const { NodeJSKernelBackend } = require('./dist/nodejs_kernel_backend.js') as {
      NodeJSKernelBackend: new (binding: Binding, packageName: string) => NodeBackend;
    };
    const backend = new NodeJSKernelBackend(binding, NATIVE);
    tf.registerBackend(NATIVE, () => backend);
    registerFusedConvolution();
    registerBatchNormalisation();
    return binding;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PatchlineError('PL_BACKEND', `TensorFlow in ${dir} does not load: ${why}`, {
      hint: 'patchline setup tensorflow --force builds it anew',
      cause,
    });
  }
}

/** tfjs-node calls functions that Node 23 has removed. */
function restoreRemoved(util: Record<string, unknown>): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

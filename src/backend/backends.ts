/**
 * The back ends by name. A new one is a module that makes a `Backend`, and an entry here; nothing of
 * it is loaded before it is started.
 */
import { asPatchlineError, PatchlineError } from '../errors.js';
import type { Backend, BackendDefinition } from './backend.js';
import type { TensorflowName } from './tensorflow.js';

const startTensorflow = async (name: TensorflowName) =>
  (await import('./tensorflow.js')).startTensorflow(name);

const DEFINITIONS = {
  onnx: {
    summary:
      'onnxruntime, the fastest on a CPU, inside the npm package for Linux, macOS and Windows',
    trains: false,
    automatic: true,
    start: async () => (await import('./onnx/backend.js')).startOnnx(),
  },
  wasm: {
    summary: 'TensorFlow.js in WebAssembly, runs wherever Node does',
    trains: true,
    automatic: true,
    start: () => startTensorflow('wasm'),
  },
  cpu: {
    summary: 'plain JavaScript, slow, for comparison',
    trains: true,
    automatic: false,
    start: () => startTensorflow('cpu'),
  },
  tensorflow: {
    summary: "TensorFlow's own library on CPU or GPU, after patchline setup tensorflow",
    trains: true,
    automatic: false,
    allCores: true,
    start: () => startTensorflow('tensorflow'),
  },
  webgpu: {
    summary:
      'any GPU with a Vulkan driver, after npm install webgpu @tensorflow/tfjs-backend-webgpu',
    trains: false,
    automatic: false,
    allCores: true,
    oneThread: true,
    start: () => startTensorflow('webgpu'),
  },
} as const satisfies Readonly<Record<string, BackendDefinition>>;

export type BackendName = keyof typeof DEFINITIONS;

export const BACKENDS: Readonly<Record<BackendName, BackendDefinition>> = DEFINITIONS;

const names = Object.keys(DEFINITIONS) as BackendName[];
export const BACKEND_NAMES = names as [BackendName, ...BackendName[]];
/** Those that `train` runs on. */
export const TRAINING_BACKENDS = names.filter(
  (name) => BACKENDS[name].trains,
) as typeof BACKEND_NAMES;
/** Those that `auto` chooses from. */
export const AUTOMATIC_BACKENDS = names.filter((name) => BACKENDS[name].automatic);

/** Starts a back end in this thread. @throws PL_BACKEND if it cannot run; never takes another */
export async function startBackend(name: BackendName): Promise<Backend> {
  try {
    return await BACKENDS[name].start();
  } catch (error) {
    const { message, hint, cause } = asPatchlineError(error, 'PL_BACKEND');
    throw new PatchlineError('PL_BACKEND', `the back end '${name}' does not start: ${message}`, {
      hint: hint ?? 'leave out --backend to use the fastest one that runs here',
      cause: cause ?? error,
    });
  }
}

/** What TensorFlow reads from the environment, once, when its library is loaded. */
import { availableParallelism } from 'node:os';

/** What the user has set stays; it is recorded with the models either way. */
const DEFAULTS: Readonly<Record<string, () => string>> = {
  // Sums are formed in another order with another number of threads: other last bits in a model.
  TF_NUM_INTRAOP_THREADS: () => String(availableParallelism()),
  // Branches of a graph run beside each other, and the graphs of two encoder threads.
  TF_NUM_INTEROP_THREADS: () => '2',
  // Off by default on some CPUs. With it convolutions and their gradients run up to 1.6 times as fast.
  TF_ENABLE_ONEDNN_OPTS: () => '1',
  TF_CPP_MIN_LOG_LEVEL: () => '2', // errors only
  // Else all memory of the GPU is taken at once.
  TF_FORCE_GPU_ALLOW_GROWTH: () => 'true',
  // TF32 keeps 10 bits of a number's 23: scores would differ by 1e-3 between machines.
  NVIDIA_TF32_OVERRIDE: () => '0',
};

/**
 * Settles them in `environment`. A thread whose environment is a copy (the default in Node) would
 * not reach the library with it: threads that load TensorFlow are started with `SHARE_ENV`.
 */
export function settle(environment: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(DEFAULTS)) environment[name] ||= value();
}

/** Those that the last bits of a result depend on, for the record of a training: `2 threads, oneDNN`. */
export function settingsText(environment: NodeJS.ProcessEnv): string {
  const { TF_NUM_INTRAOP_THREADS: threads, TF_ENABLE_ONEDNN_OPTS: oneDnn } = environment;
  const count = threads === '1' ? '1 thread' : `${threads} threads`;
  return oneDnn === '0' ? count : `${count}, oneDNN`;
}

/**
 * TensorFlow.js on WebGPU, by Dawn (npm `webgpu`): for machines that have a GPU's driver and nothing
 * else. For inference: training reads values while it goes, which WebGPU can only do by waiting.
 */
import * as tf from '@tensorflow/tfjs-core';
import { PatchlineError, systemCode } from '../../errors.js';

const NAME = 'webgpu';

/** As much of WebGPU as is used here; all else is between Dawn and TensorFlow.js. */
interface Adapter {
  readonly info: { readonly vendor: string; readonly description: string };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(wanted: { requiredLimits: Readonly<Record<string, number>> }): Promise<unknown>;
}

interface Dawn {
  create(options: readonly string[]): {
    requestAdapter(wanted: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
  };
  readonly globals: object;
}

/** What a device does not give unless it is asked for it: the most that the adapter has. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/** Held for as long as this thread lives: its device calls back into it. */
let dawn: ReturnType<Dawn['create']>;

/** Which adapter this thread's back end runs on. */
let running: string | undefined;

/**
 * Registers the back end `webgpu` in this thread, once. → what it runs on
 *
 * @throws PL_BACKEND if its packages are not installed, or there is no GPU
 */
export async function registerWebGpu(): Promise<string> {
  running ??= await register();
  return running;
}

async function register(): Promise<string> {
  const { create, globals } = (await installed(() => import('webgpu'))) as unknown as Dawn;
  Object.assign(globalThis, globals); // TensorFlow.js reads WebGPU's constants there
  const { WebGPUBackend } = await installed(() => import('@tensorflow/tfjs-backend-webgpu'));
  dawn = create([]);
  const adapter = await dawn.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new PatchlineError('PL_BACKEND', 'WebGPU finds no GPU', {
      hint: "it needs a GPU's driver with Vulkan (libvulkan.so.1 and the vendor's ICD)",
    });
  }
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const { info } = adapter;
  const backend = withNavigator(() => new WebGPUBackend(device as never, info as never));
  tf.registerBackend(NAME, () => backend);
  const { vendor, description } = info;
  return description || vendor;
}

/**
 * TensorFlow.js builds no back end unless it sees where browsers have WebGPU. It is taken away again:
 * other libraries would take this for a browser.
 */
function withNavigator<T>(build: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: true }, configurable: true });
  try {
    return build();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}

/** @throws PL_BACKEND naming the packages, if one is not there */
async function installed<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (systemCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new PatchlineError('PL_BACKEND', 'the packages of WebGPU are not installed', {
      hint: 'npm install webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22.0',
      cause,
    });
  }
}

/** What figures were measured on: a speed without its machine says nothing. */
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { version_core } from '@tensorflow/tfjs-core';
import { Piscina } from 'piscina';
import { sharp } from '../frame/sharp-setup.js';
import { PATCHLINE_VERSION } from '../version.js';

export interface Machine {
  readonly cpu: string;
  /** That this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  /** Processes that wanted a core over the last minute, before the measurement; 0 on Windows. */
  readonly loadBefore: number;
  readonly node: string;
  /** Of what the figures depend on. */
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly date: string;
}

/** Read from the package: its native library is loaded only where it runs. */
const ONNXRUNTIME_VERSION: string = createRequire(import.meta.url)(
  'onnxruntime-node/package.json',
).version;

export function describeMachine(now = new Date()): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    loadBefore: loadavg()[0],
    node: process.version,
    versions: {
      patchline: PATCHLINE_VERSION,
      tfjs: version_core,
      'tfjs-wasm': version_wasm,
      onnxruntime: ONNXRUNTIME_VERSION,
      sharp: sharp.versions.sharp ?? 'unknown',
      libvips: sharp.versions.vips,
      piscina: Piscina.version,
    },
    date: now.toISOString(),
  };
}

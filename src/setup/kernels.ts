/** tfjs-node's JavaScript in an installation. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KERNELS } from '../backend/native/installation.js';

/**
 * What the kernels import, by path below `tfjs-node`. Of TensorFlow.js they need the core alone,
 * and it must be the one of the process that loads them: a second one would have other tensors. The
 * protocol buffers serve TensorBoard, which is not used here.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  'node_modules/@tensorflow/tfjs/index.js':
    'module.exports = globalThis.patchlineTensorflowCore;\n',
  'node_modules/@tensorflow/tfjs-core/index.js':
    'module.exports = globalThis.patchlineTensorflowCore;\n',
  'dist/proto/api_pb.js': 'module.exports = {};\n',
};

/** Parts of the npm package that are needed: the addon's sources and the kernels. */
export const PACKAGE_PARTS = [
  'package.json',
  'binding',
  'dist/register_all_kernels.js',
  'dist/nodejs_kernel_backend.js',
  'dist/int64_tensors.js',
  'dist/kernels',
];

/** Puts the stand-ins beside the unpacked package. */
export async function completeKernels(dir: string): Promise<void> {
  for (const [path, content] of Object.entries(STAND_INS)) {
    const target = join(dir, KERNELS, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

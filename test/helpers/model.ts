import { rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import type { Size } from '../../src/frame/pixels.js';
import { learnModel } from '../../src/learn/model.js';
import { DEFAULT_LEARNING } from '../../src/learn/options.js';
import { type Bundle, readBundle, writeBundle } from '../../src/model/bundle.js';
import { surface } from './images.js';

const IMAGES = 12;

/**
 * A model of the test surface with an untrained network, learned once a build: the test files, each
 * a process of its own, share it in the folder for temporary files.
 */
export async function testModel(size: Size): Promise<Bundle> {
  return readBundle(await testModelDir(size));
}

/** Where `testModel` is. */
export async function testModelDir(size: Size): Promise<string> {
  const { mtimeMs } = await stat(new URL('../../src/learn/model.js', import.meta.url));
  const build = Math.round(mtimeMs).toString(36);
  const dir = join(tmpdir(), 'patchline-test-models', `${build}-${size.width}x${size.height}`);
  if (!(await isModel(dir))) await learn(dir, size);
  return dir;
}

async function isModel(dir: string): Promise<boolean> {
  return readBundle(dir).then(
    () => true,
    () => false,
  );
}

async function learn(dir: string, size: Size): Promise<void> {
  await startTensorflow('wasm');
  const images = Array.from({ length: IMAGES }, (_, n) => ({
    name: `${n}.png`,
    pixels: surface(size, n),
  }));
  const { manifest, tensors } = await learnModel('surface', images, {
    ...DEFAULT_LEARNING,
    steps: 0,
  });
  const draft = `${dir}.${process.pid}`;
  await writeBundle(draft, manifest, tensors);
  // Another process may have been faster; its model is the same.
  await rename(draft, dir).catch(() => rm(draft, { recursive: true }));
}

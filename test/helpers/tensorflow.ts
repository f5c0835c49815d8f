/**
 * TensorFlow's library for the tests. It is 274 MB and minutes of work, so by default the tests that
 * need it are skipped. PATCHLINE_TENSORFLOW_DIR names an installation to use; with
 * PATCHLINE_REQUIRE_TENSORFLOW=1 a missing one is set up, by the command that users run.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { PATCHLINE_TENSORFLOW_DIR: given, PATCHLINE_REQUIRE_TENSORFLOW: required } = process.env;

export const skipsTensorflow = !given && required !== '1';

/** Where it is, or will be; in the environment of this process and those it starts. */
export function tensorflowDirectory(): { readonly dir: string; readonly isOwn: boolean } {
  const dir = given || join(mkdtempSync(join(tmpdir(), 'patchline-tensorflow-')), 'tensorflow');
  process.env.PATCHLINE_TENSORFLOW_DIR = dir;
  return { dir, isOwn: !given };
}

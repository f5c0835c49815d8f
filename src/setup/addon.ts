/** Compiles tfjs-node's addon against TensorFlow's library. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADDON, FRAMEWORK_LIBRARY, LIBRARY } from '../backend/native/installation.js';
import { withListAttributes } from './addon-source.js';
import { runProgram } from './program.js';

export interface AddonSources {
  /** tfjs-node's `binding`. */
  readonly binding: string;
  /** Directories with headers: TensorFlow's and Node's. */
  readonly headers: readonly string[];
}

/** Compiles into the installation `dir`, which has the libraries. @throws PL_SETUP */
export async function buildAddon(
  dir: string,
  { binding, headers }: AddonSources,
  signal?: AbortSignal,
): Promise<void> {
  const backend = join(binding, 'tfjs_backend.cc');
  await writeFile(backend, withListAttributes(await readFile(backend, 'utf8')));
  await mkdir(join(dir, 'addon'));
  const links = join(binding, 'lib'); // names that the linker looks for
  await mkdir(links);
  await symlink(join(dir, LIBRARY), join(links, 'libtensorflow_cc.so'));
  await symlink(join(dir, FRAMEWORK_LIBRARY), join(links, 'libtensorflow_framework.so'));
  await runProgram(
    process.env.CXX || 'g++',
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
      ...headers.map((header) => `-I${header}`),
      backend,
      join(binding, 'tfjs_binding.cc'),
      ...[`-L${links}`, '-ltensorflow_cc', '-ltensorflow_framework'],
      '-Wl,-rpath,$ORIGIN/../lib', // the libraries lie beside the addon, wherever that is moved
      ...['-o', join(dir, ADDON)],
    ],
    { hint: 'install a C++ compiler (Debian: g++), or name one in CXX', ...(signal && { signal }) },
  );
}

/** Fetching with the machine's own clients, which know its mirrors, proxies and certificates. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PatchlineError } from '../errors.js';
import { sha256Of } from './digest.js';
import { runProgram } from './program.js';
import type { NpmPackage, Wheel } from './release.js';

/** The wheel of one Python serves all: only its C library is used. */
const PLATFORM = [
  ['--implementation', 'cp'],
  ['--python-version', '3.11'],
  ['--abi', 'cp311'],
  ...['manylinux_2_27', 'manylinux_2_25', 'manylinux2014', 'manylinux2010'].map((name) => [
    '--platform',
    `${name}_x86_64`,
  ]),
].flat();

/** Fetches wheels with pip into the new directory `dir`. → their files */
export async function downloadWheels(
  wheels: readonly Wheel[],
  dir: string,
  signal?: AbortSignal,
): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const list = join(dir, 'requirements.txt');
  const lines = wheels.map(({ requirement, sha256 }) => `${requirement} --hash=sha256:${sha256}\n`);
  await writeFile(list, lines.join(''));
  const only = ['--no-deps', '--only-binary=:all:', '--require-hashes', ...PLATFORM];
  await runProgram(
    'python3',
    ['-m', 'pip', 'download', '--no-input', ...only, '--dest', dir, '--requirement', list],
    {
      hint: 'install Python with pip, or fetch the wheel elsewhere and give it with --wheel',
      environment: { TMPDIR: dir }, // the disk that was checked for room
      ...(signal && { signal }),
    },
  );
  const names = (await readdir(dir)).filter((name) => name.endsWith('.whl'));
  return names.map((name) => join(dir, name));
}

/** Fetches a package with npm, runs none of its scripts, and unpacks parts of it to `dir`. */
export async function downloadPackage(
  { spec, sha256 }: NpmPackage,
  parts: readonly string[],
  dir: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const options = { cwd: dir, ...(signal && { signal }) };
  await runProgram('npm', ['pack', spec, '--ignore-scripts', '--silent'], {
    ...options,
    hint: 'npm comes with Node: put it on the PATH',
  });
  const [archive] = (await readdir(dir)).filter((name) => name.endsWith('.tgz'));
  await assertDigest(join(dir, archive), sha256, `the registry's ${spec}`);
  const wanted = parts.map((part) => `package/${part}`);
  await runProgram('tar', ['-xzf', archive, '--strip-components=1', ...wanted], {
    ...options,
    hint: 'install tar',
  });
  await rm(join(dir, archive));
}

/** @throws PL_SETUP if the file is not the one that was meant */
export async function assertDigest(path: string, sha256: string, what: string): Promise<void> {
  const actual = await sha256Of(path);
  if (actual === sha256) return;
  throw new PatchlineError(
    'PL_SETUP',
    `${what} is not the file that Patchline knows: SHA-256 ${actual} instead of ${sha256}`,
    { hint: 'fetch it anew; a mirror may have cut or changed it' },
  );
}

/**
 * `patchline setup tensorflow`: everything is fetched, checked, built and tried beside the target,
 * then renamed into place. What was there before stays until the new one has proven itself.
 */
import { mkdir, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import {
  type Installation,
  KERNELS,
  MARKER,
  newInstallation,
  readInstallation,
} from '../backend/native/installation.js';
import { PatchlineError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { cleanUpScratch, discard, releaseScratch, reserveScratch, swap } from '../model/scratch.js';
import { buildAddon } from './addon.js';
import { sha256Of } from './digest.js';
import { assertDigest, downloadPackage, downloadWheels } from './download.js';
import { assertRoom, assertSupported, thisHost } from './host.js';
import { completeKernels, PACKAGE_PARTS } from './kernels.js';
import { type ProbeResult, probeInstallation } from './probe.js';
import { type Device, RELEASE, type Release } from './release.js';
import { unzip } from './unzip.js';
import { cudaPlace, tensorflowPlace } from './wheel-layout.js';

export interface SetupOptions {
  readonly device: Device;
  readonly dir: string;
  /** TensorFlow's wheel, already fetched. */
  readonly wheel?: string | undefined;
  /** Uses the CUDA of the system instead of bringing it. */
  readonly systemCuda: boolean;
  /** Builds anew what is there and whole. */
  readonly force: boolean;
  /** Told what is being done. */
  readonly note: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface SetupResult extends ProbeResult {
  readonly dir: string;
  /** `false`: it was there and whole. */
  readonly built: boolean;
}

/**
 * @throws PL_SETUP, or PL_WRITE if `dir` is something else; what was in `dir` then stays
 */
export async function setUpTensorflow(
  options: SetupOptions,
  release = RELEASE,
): Promise<SetupResult> {
  assertSupported(thisHost());
  const dir = await realpath(options.dir).catch(() => resolve(options.dir));
  if (!options.force && (await isWhole(dir, options, release))) {
    return { ...(await probeInstallation(dir, options.signal)), dir, built: false };
  }
  await assertReplaceable(dir);
  return { ...(await replace(dir, options, release)), dir, built: true };
}

/** Whether what was asked for is there, every file as it was built. */
async function isWhole(
  dir: string,
  { device, systemCuda, note }: SetupOptions,
  { version }: Release,
): Promise<boolean> {
  const installed = await installationIn(dir, note);
  const cuda = device === 'gpu' && !systemCuda;
  if (installed === undefined || installed.tensorflow !== version) return false;
  if (installed.device !== device || installed.cuda !== cuda) return false;
  note(`checking ${dir}`);
  for (const [file, { sha256 }] of Object.entries(installed.files)) {
    const actual = await sha256Of(join(dir, file)).catch(() => undefined);
    if (actual === sha256) continue;
    note(`${file} is ${actual === undefined ? 'missing' : 'damaged'}: building anew`);
    return false;
  }
  return true;
}

async function installationIn(
  dir: string,
  note: SetupOptions['note'],
): Promise<Installation | undefined> {
  try {
    return readInstallation(dir);
  } catch (error) {
    if (!(error instanceof PatchlineError)) throw error;
    note(`${error.message}: building anew`);
    return undefined;
  }
}

/** @throws PL_WRITE (usage) if `dir` holds something that was not set up here: it would be lost */
async function assertReplaceable(dir: string): Promise<void> {
  const entries: string[] = await readdir(dir).catch(() => []);
  if (entries.length === 0 || entries.includes(MARKER)) return;
  throw new PatchlineError('PL_WRITE', `${dir} holds other files, such as ${entries[0]}`, {
    disposition: 'usage',
    hint: 'give a new or empty directory with --dir',
  });
}

async function replace(dir: string, options: SetupOptions, release: Release): Promise<ProbeResult> {
  await makeDirectory(dirname(dir));
  await cleanUpScratch(dir);
  await assertRoom(dirname(dir), release.room[options.device]);
  const scratch = reserveScratch(dir);
  try {
    await makeDirectory(scratch.fresh);
    await build(scratch.fresh, options, release);
    await writeMarker(scratch.fresh, options, release);
    options.note('trying it');
    const result = await probeInstallation(scratch.fresh, options.signal);
    await swap(dir, scratch);
    return result;
  } finally {
    await discard(scratch.fresh);
    releaseScratch(scratch);
  }
}

async function build(dir: string, options: SetupOptions, release: Release): Promise<void> {
  const { device, systemCuda, note, signal } = options;
  const work = join(dir, 'work');
  await mkdir(work);
  const wheel = await tensorflowWheel(join(work, 'wheel'), options, release);
  note('unpacking the library');
  await unpack(wheel, dir, tensorflowPlace, signal);
  if (device === 'gpu' && !systemCuda) {
    note('fetching CUDA with pip (2.8 GB)');
    for (const file of await downloadWheels(release.cuda, join(work, 'cuda'), signal)) {
      await unpack(file, dir, cudaPlace, signal);
    }
  }
  note(`fetching ${release.tfjsNode.spec} with npm`);
  await downloadPackage(release.tfjsNode, PACKAGE_PARTS, join(dir, KERNELS), signal);
  await downloadPackage(release.nodeApi, ['include'], join(work, 'node-api'), signal);
  await completeKernels(dir);
  note('compiling the addon');
  const headers = [join(dir, 'include'), join(work, 'node-api', 'include')];
  await buildAddon(dir, { binding: join(dir, KERNELS, 'binding'), headers }, signal);
  for (const path of [work, join(dir, 'include'), join(dir, KERNELS, 'binding')]) {
    await rm(path, { recursive: true });
  }
}

/** The wheel of the device, given or fetched. @throws PL_SETUP if it is not the one that is meant */
async function tensorflowWheel(
  work: string,
  { device, wheel, note, signal }: SetupOptions,
  { wheels }: Release,
): Promise<string> {
  const { requirement, sha256 } = wheels[device];
  if (wheel === undefined) {
    note(`fetching ${requirement} with pip (${device === 'cpu' ? '274' : '572'} MB)`);
    const [file] = await downloadWheels([wheels[device]], work, signal);
    await assertDigest(file, sha256, `the index's ${requirement}`);
    return file;
  }
  const info = await stat(wheel).catch(() => undefined);
  if (info?.isFile() !== true) {
    throw new PatchlineError('PL_SETUP', `there is no wheel ${wheel}`, { disposition: 'usage' });
  }
  const other = device === 'cpu' ? 'gpu' : 'cpu';
  if ((await sha256Of(wheel)) === wheels[other].sha256) {
    const message = `${wheel} is the wheel of --device ${other}, not ${device}`;
    throw new PatchlineError('PL_SETUP', message, { disposition: 'usage' });
  }
  await assertDigest(wheel, sha256, `${wheel} (wanted: ${requirement})`);
  return wheel;
}

async function unpack(
  wheel: string,
  dir: string,
  place: (name: string) => string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if ((await unzip(wheel, dir, place, signal)) > 0) return;
  throw new PatchlineError('PL_SETUP', `${wheel} holds none of the files that are needed`);
}

async function writeMarker(
  dir: string,
  { device, systemCuda }: SetupOptions,
  { version: tensorflow }: Release,
): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const { size: bytes } = await stat(path);
    files[relative(dir, path)] = { bytes, sha256: await sha256Of(path) };
  }
  const cuda = device === 'gpu' && !systemCuda;
  const marker = newInstallation({ tensorflow, device, cuda, files });
  await writeFile(join(dir, MARKER), `${JSON.stringify(marker, null, 2)}\n`, { flush: true });
}

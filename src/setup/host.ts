/** Whether this machine can run TensorFlow's library at all; asked before anything is fetched. */
import { statfs } from 'node:fs/promises';
import { PatchlineError } from '../errors.js';

export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Of the GNU C library that Node runs on; absent on others, such as Alpine's musl. */
  readonly glibc: string | undefined;
}

export function thisHost(): Host {
  const { header } = process.report.getReport() as {
    readonly header: { readonly glibcVersionRuntime?: string };
  };
  const { platform, arch } = process;
  return { platform, arch, glibc: header.glibcVersionRuntime };
}

/** Of `manylinux_2_27`, for which the wheels are built. */
const OLDEST_GLIBC = [2, 27] as const;

/** @throws PL_SETUP */
export function assertSupported({ platform, arch, glibc }: Host): void {
  if (platform !== 'linux' || arch !== 'x64') {
    throw unsupported(`it is built for Linux on x64, and this is ${platform} ${arch}`);
  }
  if (glibc === undefined) {
    throw unsupported('it needs the GNU C library, and this system has another (musl?)');
  }
  const [major, minor] = glibc.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_GLIBC;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw unsupported(
      `it needs glibc ${OLDEST_GLIBC.join('.')} or newer, and this system has ${glibc}`,
    );
  }
}

function unsupported(why: string): PatchlineError {
  return new PatchlineError('PL_SETUP', `TensorFlow does not run here: ${why}`, {
    hint: 'the other back ends need no setup: leave out --backend',
  });
}

/** @throws PL_SETUP if the disk of `dir` has less room than `bytes` */
export async function assertRoom(dir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const gigabytes = (n: number) => `${(n / 1e9).toFixed(1)} GB`;
  throw new PatchlineError(
    'PL_SETUP',
    `${dir} has ${gigabytes(free)} free, and the setup needs ${gigabytes(bytes)}`,
    { hint: 'make room, or choose a place on another disk with --dir' },
  );
}

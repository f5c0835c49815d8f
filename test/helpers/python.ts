/** Python with some packages, where there is one: see test/golden/requirements.txt. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../test/golden/', import.meta.url));

/** An interpreter with the packages; PATCHLINE_PYTHON names that of a virtual environment. */
const PYTHON = process.env.PATCHLINE_PYTHON ?? 'python3';

/** Why golden scripts that need these packages cannot run; undefined if they can. */
export function missingPython(packages: readonly string[]): string | undefined {
  const { status } = spawnSync(PYTHON, ['-c', `import ${packages.join(', ')}`]);
  return status === 0 ? undefined : `${PYTHON} has not all of ${packages.join(', ')}`;
}

export function python(
  script: string,
  args: readonly string[],
  input: string | Uint8Array = '',
): string {
  const options = { encoding: 'utf8', input, maxBuffer: 2 ** 28 } as const;
  const { status, stdout, stderr } = spawnSync(PYTHON, [FOLDER + script, ...args], options);
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  return stdout;
}

/** Trying an installation in a process of its own, which it may take down. */
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PatchlineError } from '../errors.js';
import { runProgram } from './program.js';

const MODULE = fileURLToPath(new URL('./probe-process.js', import.meta.url));

const resultSchema = z.object({
  tensorflow: z.string(),
  /** What it runs on: with a GPU's library and no GPU, the CPU. */
  device: z.enum(['cpu', 'gpu']),
  /** Largest relative difference between its results and those of wasm. */
  difference: z.number(),
});

export type ProbeResult = z.infer<typeof resultSchema>;

/** Back ends agree to this (DESIGN §11). */
const TOLERANCE = 1e-4;

/** @throws PL_SETUP if it does not load, ends the process, or calculates something else than wasm */
export async function probeInstallation(dir: string, signal?: AbortSignal): Promise<ProbeResult> {
  const hint = 'patchline setup tensorflow --force builds it anew';
  const printed = await runProgram(execPath, [MODULE, dir], { hint, ...(signal && { signal }) });
  const result = resultSchema.parse(JSON.parse(printed.trim().split('\n').at(-1) ?? ''));
  if (result.difference <= TOLERANCE) return result;
  throw new PatchlineError(
    'PL_SETUP',
    `TensorFlow in ${dir} calculates something else than wasm: ${result.difference.toExponential(1)} relative, allowed ${TOLERANCE}`,
    { hint },
  );
}

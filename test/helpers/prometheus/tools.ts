/** Prometheus, Alertmanager and their tools, as Debian has them. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestFn } from 'ava';

/** apt-get install prometheus prometheus-alertmanager */
const PROGRAMS = ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool'];

/**
 * `test`, or a skipped one with a loud line where Prometheus is not installed.
 * PATCHLINE_REQUIRE_PROMETHEUS=1 makes that a failure.
 */
export function prometheusTest<C>(test: TestFn<C>): TestFn<C> {
  const missing = PROGRAMS.filter((program) => !isThere(program));
  if (missing.length === 0) return test;
  const reason = `no ${missing.join(', ')}: apt-get install prometheus prometheus-alertmanager`;
  if (process.env.PATCHLINE_REQUIRE_PROMETHEUS === '1') throw new Error(reason);
  process.stderr.write(`\n>>> PROMETHEUS TESTS ARE SKIPPED: ${reason} <<<\n\n`);
  return test.skip as unknown as TestFn<C>;
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const execute = promisify(execFile);

/** Runs a tool to its end: what it said, and whether all was well. */
export async function tool(
  program: 'promtool' | 'amtool',
  args: readonly string[],
): Promise<{ ok: boolean; text: string }> {
  try {
    const { stdout, stderr } = await execute(program, args, { maxBuffer: 2 ** 24 });
    return { ok: true, text: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { ok: false, text: stdout + stderr };
  }
}

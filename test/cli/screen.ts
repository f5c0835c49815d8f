import { Output, type OutputOptions } from '../../src/cli/output.js';

/** An output into strings. */
export function screen(options: Partial<Pick<OutputOptions, 'json'>> & { isTTY?: boolean } = {}) {
  const written = { stdout: '', stderr: '' };
  const output = new Output({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: {
      write: (text) => (written.stderr += text),
      isTTY: options.isTTY ?? false,
      columns: 40,
    },
    json: options.json ?? false,
  });
  return { output, written };
}

import { PatchlineError } from '../errors.js';

/** One thing that is wrong with the command line, the environment or the config file. */
export interface Problem {
  /** `--steps`, `PATCHLINE_STEPS`, `line.yaml: steps` … */
  readonly where: string;
  readonly what: string;
  /** Not of the command line: the code of the error is then PL_CONFIG. */
  readonly ofConfig?: boolean;
}

/** All problems in one error: a person mends them in one go. */
export function usageError(command: string, problems: readonly Problem[]): PatchlineError {
  const lines = problems.map(({ where, what }) => `${where}: ${what}`);
  const message =
    lines.length === 1
      ? lines[0]
      : [`${lines.length} things are wrong:`, ...lines.map((line) => `  ${line}`)].join('\n');
  const code = problems.every(({ ofConfig }) => ofConfig) ? 'PL_CONFIG' : 'PL_USAGE';
  return new PatchlineError(code, message, {
    disposition: 'usage',
    hint: `patchline ${command} --help explains every option`,
  });
}

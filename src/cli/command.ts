/** What all commands have in common: their options are read, they run, they end with a code. */
import { onOff, text } from '../config/kind.js';
import {
  type CommandAbout,
  type CommandSpec,
  type Config,
  type OptionTable,
  optional,
  withDefault,
} from '../config/option.js';
import { resolveOptions } from '../config/resolve.js';
import type { Output } from './output.js';
import { type CommandName, SUMMARIES } from './summaries.js';

/** What `main` gives a command to run with. */
export interface Invocation {
  /** What follows the command's name. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Opened once it is known where to write. */
  openOutput(mode: { readonly json: boolean; readonly verbose: boolean }): Output;
}

export interface Context {
  readonly operands: readonly string[];
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** 0: done; 1: failed at work. Wrong usage is a thrown error of disposition `usage`. */
export type ExitCode = 0 | 1;

export interface Command {
  readonly about: CommandAbout;
  execute(invocation: Invocation): Promise<ExitCode>;
}

const commonOptions = {
  config: optional(text('FILE'), { help: 'Reads options from a YAML or JSON file.' }),
  json: withDefault(onOff, false, {
    help: 'Prints one JSON object on stdout; all text goes to stderr.',
  }),
  verbose: withDefault(onOff, false, { help: 'Shows where an unexpected error happened.' }),
};

type CommonOptions = typeof commonOptions;

/** @param spec without the options that every command has */
export function defineCommand<O extends OptionTable>(
  spec: Omit<CommandSpec<O>, 'summary'> & { readonly name: CommandName },
  run: (options: Config<O & CommonOptions>, context: Context) => Promise<ExitCode>,
): Command {
  const whole: CommandSpec<O & CommonOptions> = {
    ...spec,
    summary: SUMMARIES[spec.name],
    options: { ...spec.options, ...commonOptions },
  };
  return {
    about: whole,
    async execute({ args, environment, signal, openOutput }) {
      const { options, operands } = await resolveOptions(whole, args, environment);
      return run(options, {
        operands,
        output: openOutput(options as Config<CommonOptions>),
        signal,
      });
    },
  };
}

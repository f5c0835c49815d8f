#!/usr/bin/env node
/** The command `patchline`: finds the command, lets it run, ends with its code. */
import { helpText, reference } from '../config/help.js';
import { didYouMean } from '../config/suggest.js';
import { PatchlineError, systemCode } from '../errors.js';
import { PATCHLINE_VERSION } from '../version.js';
import type { Invocation } from './command.js';
import { COMMANDS } from './commands.js';
import { Output } from './output.js';
import { Interrupt } from './signals.js';
import { type CommandName, SUMMARIES } from './summaries.js';

const NAMES = Object.keys(SUMMARIES) as CommandName[];

const OVERVIEW = `Patchline finds defects on surfaces; it learns from good images alone.

Usage: patchline <command> [options]

${NAMES.map((name) => `  ${name.padEnd(11)} ${SUMMARIES[name]}`).join('\n')}

  patchline <command> --help   explains a command
  patchline reference          all commands and options, as Markdown
  patchline --version`;

/** @returns the exit code: 0 done, 1 failed at work, 2 wrong usage, 128 + n stopped by signal n */
async function main([name, ...args]: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  let verbose = args.includes('--verbose');
  let output = outputTo(args.includes('--json') || process.env.PATCHLINE_JSON === 'true');
  const openOutput: Invocation['openOutput'] = (mode) => {
    verbose = mode.verbose;
    output = outputTo(mode.json);
    return output;
  };
  const interrupt = Interrupt.listen(() => output.note('stopping; once more to quit at once'));
  process.on('uncaughtException', (error) => {
    output.crash(error, verbose);
    process.exit(1);
  });
  try {
    const { signal } = interrupt;
    return await dispatch(name, { args, environment: process.env, signal, openOutput }, output);
  } catch (error) {
    if (!(error instanceof PatchlineError)) {
      output.crash(error, verbose);
      return 1;
    }
    output.fail(error);
    if (error.code === 'PL_ABORTED') return interrupt.exitCode ?? 1;
    return error.disposition === 'usage' ? 2 : 1;
  }
}

async function dispatch(
  name: string | undefined,
  invocation: Invocation,
  output: Output,
): Promise<number> {
  const { args } = invocation;
  switch (name) {
    case undefined:
      output.note(OVERVIEW);
      return 2;
    case '--version':
      output.text(PATCHLINE_VERSION);
      return 0;
    case 'reference':
      output.text(await markdown());
      return 0;
    case 'help':
    case '--help':
    case '-h':
      output.text(args[0] === undefined ? OVERVIEW : await help(args[0]));
      return 0;
  }
  if (wantsHelp(args)) {
    output.text(await help(name));
    return 0;
  }
  return (await commandOf(name)).execute(invocation);
}

function commandOf(name: string) {
  const known = NAMES.find((command) => command === name);
  if (known !== undefined) return COMMANDS[known]();
  throw new PatchlineError('PL_USAGE', `there is no command '${name}'${didYouMean(name, NAMES)}`, {
    disposition: 'usage',
    hint: 'patchline --help lists the commands',
  });
}

async function help(name: string): Promise<string> {
  return helpText((await commandOf(name)).about);
}

async function markdown(): Promise<string> {
  const commands = await Promise.all(NAMES.map(commandOf));
  return reference(commands.map(({ about }) => about));
}

/** Anywhere before `--`. */
function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args
    .slice(0, end < 0 ? undefined : end)
    .some((argument) => argument === '--help' || argument === '-h');
}

function outputTo(json: boolean): Output {
  return new Output({ stdout: process.stdout, stderr: process.stderr, json });
}

/** `patchline … | head`: what nobody reads need not be written. */
function ignoreClosedPipe(error: Error): void {
  if (systemCode(error) !== 'EPIPE') throw error;
}

process.exitCode = await main(process.argv.slice(2));

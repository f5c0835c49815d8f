import type { Command } from './command.js';
import type { CommandName } from './summaries.js';

/** Loaded when called, so that `--help` does not wait for a numeric engine. */
export const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  demo: async () => (await import('./demo.js')).demo,
  train: async () => (await import('./train.js')).train,
  calibrate: async () => (await import('./calibrate.js')).calibrate,
  eval: async () => (await import('./eval.js')).evaluate,
  score: async () => (await import('./score.js')).score,
  run: async () => (await import('./run.js')).runCommand,
  line: async () => (await import('./line.js')).line,
  bench: async () => (await import('./bench.js')).bench,
  export: async () => (await import('./export.js')).exportCommand,
  inspect: async () => (await import('./inspect.js')).inspect,
};

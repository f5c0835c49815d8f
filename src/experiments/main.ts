/**
 * `npm run ablation`, `npm run robustness`: what each part of the recipe is worth, and what the
 * default stands, measured on datasets in MVTec layout. For developers; not in the package.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TRAINING_BACKENDS } from '../backend/backends.js';
import { duration as durationText } from '../cli/format.js';
import { Output } from '../cli/output.js';
import { Interrupt } from '../cli/signals.js';
import { choice, duration, integer, listOf, onOff, text } from '../config/kind.js';
import { type CommandSpec, type Config, flagOf, optional, withDefault } from '../config/option.js';
import { resolveOptions } from '../config/resolve.js';
import { PatchlineError, systemCode } from '../errors.js';
import { openDataset } from '../evaluate/dataset.js';
import { type Condition, conditionsOf, SUITES, type SuiteName } from './conditions.js';
import { runJobs } from './jobs.js';
import { type Category, jobsOf } from './plan.js';
import { suiteReport } from './report.js';
import { beginRun, Results } from './result.js';

const SUITE_NAMES = Object.keys(SUITES) as [SuiteName, ...SuiteName[]];

const options = {
  data: optional(text('DIR'), { help: 'Where the datasets lie, each a folder in MVTec layout.' }),
  category: optional(listOf(text('NAME'), 'NAME,…'), {
    help: 'Only these datasets.',
    defaultText: 'all in --data',
  }),
  seeds: withDefault(listOf(integer({ min: 0 }), 'N,…'), [1, 2, 3], {
    help: 'A training each.',
    defaultText: '1,2,3',
  }),
  only: optional(listOf(text('CONDITION'), 'NAME,…'), {
    help: 'Only these conditions, as the table calls them.',
  }),
  jobs: withDefault(integer({ min: 1 }), 1, { help: 'Trainings at a time, a core each.' }),
  deadline: optional(duration, {
    help: 'Stops after this time. What is measured is kept; a training goes on from its last checkpoint next time.',
  }),
  backend: withDefault(choice(TRAINING_BACKENDS), 'wasm', { help: 'What trains.' }),
  results: withDefault(text('FILE'), 'src/experiments/results.jsonl', {
    help: 'Where results are added, as they come; those that are there are not measured again.',
  }),
  work: withDefault(text('DIR'), '.tmp/experiments', { help: 'Where trained networks are kept.' }),
  table: withDefault(onOff, false, { help: 'Measures nothing, prints the tables.' }),
};

type ExperimentConfig = Config<typeof options>;

const spec: CommandSpec<typeof options> = {
  name: 'experiments',
  summary: 'measures what the parts of the recipe are worth',
  operand: { placeholder: '<suite>', help: SUITE_NAMES.join(', '), count: 'many' },
  options,
  rules: [
    {
      options: ['data', 'table'],
      holds: ({ data, table }) => table || data !== undefined,
      expected: 'give --data DIR to measure, or --table to see what was measured',
    },
  ],
  examples: [],
};

async function main(args: readonly string[]): Promise<number> {
  const output = new Output({ stdout: process.stdout, stderr: process.stderr, json: false });
  if (args.includes('--help')) {
    for (const line of help()) output.text(line);
    return 0;
  }
  const interrupt = Interrupt.listen(() => output.note('stopping; what is measured is kept'));
  try {
    const { options: config, operands } = await resolveOptions(spec, args, {}).catch(helpHere);
    const suites = suitesOf(operands);
    const results = await Results.open(config.results);
    const failures = config.table
      ? 0
      : await measureAll(config, suites, results, interrupt, output);
    if (results.outdated > 0) {
      output.note(`${results.outdated} results of other defaults are left out`);
    }
    for (const suite of suites) output.text(`${suiteReport(suite, results)}\n`);
    return interrupt.exitCode ?? (failures > 0 ? 1 : 0);
  } catch (error) {
    if (!(error instanceof PatchlineError)) throw error;
    output.fail(error);
    return error.disposition === 'usage' ? 2 : 1;
  }
}

/** → jobs that failed */
async function measureAll(
  config: ExperimentConfig,
  suites: readonly SuiteName[],
  results: Results,
  interrupt: Interrupt,
  output: Output,
): Promise<number> {
  const { seeds, jobs: parallel, deadline, backend, work } = config;
  const conditions = chosen(conditionsOf(suites), config.only);
  const categories = await categoriesOf(config);
  const jobs = jobsOf({ categories, seeds, conditions, work }, (...what) => results.has(...what));
  if (jobs.length === 0) return 0;
  output.note(`${jobs.length} jobs, ${parallel} at a time`);
  const run = beginRun(backend);
  results.add(run);
  const signals = [interrupt.signal, ...(deadline ? [AbortSignal.timeout(deadline)] : [])];
  const start = performance.now();
  let failures = 0;
  let ended = 0;
  await runJobs(jobs, {
    training: backend,
    parallel,
    signal: AbortSignal.any(signals),
    onMeasured: (measured) => results.add({ run: run.run, ...measured }),
    onEnd: ({ category, seed, conditions: [{ name }] }, failure) => {
      if (failure !== undefined) failures++;
      const what = `${++ended}/${jobs.length} ${category}, seed ${seed}, ${name} …`;
      output.note(`${what}: ${failure ?? durationText(performance.now() - start)}`);
    },
  });
  return failures;
}

function suitesOf(operands: readonly string[]): SuiteName[] {
  return operands.map((operand) => {
    const suite = SUITE_NAMES.find((name) => name === operand);
    if (suite !== undefined) return suite;
    throw unknown('suite', operand, SUITE_NAMES);
  });
}

function chosen(all: readonly Condition[], only: readonly string[] | undefined): Condition[] {
  if (only === undefined) return [...all];
  const names = all.map(({ name }) => name);
  const stranger = only.find((name) => !names.includes(name));
  if (stranger !== undefined) throw unknown('condition', stranger, names);
  return all.filter(({ name }) => only.includes(name));
}

async function categoriesOf({ data = '', category }: ExperimentConfig): Promise<Category[]> {
  const entries = await readdir(data, { withFileTypes: true }).catch((cause: unknown) => {
    throw new PatchlineError('PL_DATASET', `${data} cannot be read (${systemCode(cause)})`, {
      disposition: 'usage',
      hint: 'give --data a folder with a dataset in each of its folders',
      cause,
    });
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    (category ?? folders.sort()).map(async (name) => {
      const path = join(data, name);
      const { trainGood } = await openDataset(path);
      return { path, name, images: trainGood.length };
    }),
  );
}

function unknown(what: string, name: string, known: readonly string[]): PatchlineError {
  return new PatchlineError('PL_USAGE', `there is no ${what} '${name}'`, {
    disposition: 'usage',
    hint: `choose from ${known.join(' ')}`,
  });
}

/** The hint of our options names the command that users have. */
function helpHere(error: unknown): never {
  if (!(error instanceof PatchlineError)) throw error;
  const { code, message, disposition } = error;
  const hint = 'npm run ablation -- --help explains every option';
  throw new PatchlineError(code, message, { disposition, hint });
}

function help(): string[] {
  const flags = Object.entries(options).flatMap(([name, { kind, help, ...option }]) => {
    const byDefault = 'default' in option ? option.default : option.defaultText;
    return [
      `  ${flagOf(name)} ${kind.placeholder}`.trimEnd(),
      `      ${help}${byDefault === undefined || byDefault === false ? '' : ` Default: ${byDefault}.`}`,
    ];
  });
  return ['npm run ablation -- --data DIR [options]', 'npm run robustness -- …', '', ...flags];
}

process.exitCode = await main(process.argv.slice(2));

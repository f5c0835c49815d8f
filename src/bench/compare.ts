/**
 * What has changed against a stored run of `patchline bench --json`. Two runs are not interleaved as
 * the cases of one run are: a change counts as clear only where the figures of all rounds of the one
 * run lie above all of the other's.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PatchlineError } from '../errors.js';
import type { BenchReport, CaseName } from './report.js';
import type { Spread } from './rounds.js';

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

/** As much of a report as is compared: older and newer ones hold other fields besides. */
const storedSchema = z.object({
  schema: z.literal('patchline.bench/1'),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    node: z.string(),
    date: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  backend: z.string(),
  model: z.object({ id: z.string() }),
  cases: z
    .array(
      z.object({
        name: z.string(),
        threads: z.number(),
        framesPerSecond: spread,
        cpuMsPerFrame: spread,
      }),
    )
    .readonly(),
});

type Stored = z.infer<typeof storedSchema>;

interface Change {
  /** Median of this run over the median of the stored one. */
  readonly times: number;
  /** The ranges of the two runs do not overlap. */
  readonly clear: boolean;
}

export interface CaseChange {
  readonly name: CaseName;
  readonly threads: number;
  /** More is faster. */
  readonly framesPerSecond: Change;
  /** Less is cheaper. */
  readonly cpuMsPerFrame: Change;
}

export interface Comparison {
  /** When the stored run began, ISO 8601. */
  readonly since: string;
  /** What else is not as it was, as `cores: 2 → 4`: then the figures compare with care. */
  readonly differences: readonly string[];
  /** Of the cases that both runs have. */
  readonly cases: readonly CaseChange[];
}

/** @throws PL_CONFIG (usage) if the file is not what `patchline bench --json` prints */
export async function readStoredRun(path: string): Promise<Stored> {
  const refuse = (reason: string, cause: unknown): PatchlineError =>
    new PatchlineError('PL_CONFIG', `${path} cannot be compared with: ${reason}`, {
      disposition: 'usage',
      hint: 'give a file that patchline bench --json > FILE has written',
      cause,
    });
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw refuse(cause.code ?? cause.message, cause);
  });
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw refuse('it holds no report of patchline bench', cause);
  }
}

export function compareRuns(before: Stored, now: BenchReport): Comparison {
  const cases = now.cases.flatMap((row) => {
    const old = before.cases.find(
      ({ name, threads }) => name === row.name && threads === row.threads,
    );
    if (old === undefined) return [];
    const { name, threads } = row;
    return [
      {
        name,
        threads,
        framesPerSecond: changeOf(old.framesPerSecond, row.framesPerSecond),
        cpuMsPerFrame: changeOf(old.cpuMsPerFrame, row.cpuMsPerFrame),
      },
    ];
  });
  return { since: before.machine.date, differences: differencesOf(before, now), cases };
}

function changeOf(before: Spread, now: Spread): Change {
  return {
    times: now.median / before.median,
    clear: now.min > before.max || now.max < before.min,
  };
}

function differencesOf(before: Stored, now: BenchReport): string[] {
  const [old, current] = [before, now].map(({ machine, backend, model }) => ({
    cpu: machine.cpu,
    cores: String(machine.cores),
    node: machine.node,
    'back end': backend,
    model: model.id.slice(0, 12),
    ...machine.versions,
  })) as Record<string, string>[];
  const names = [...new Set([...Object.keys(old), ...Object.keys(current)])];
  return names
    .filter((name) => old[name] !== current[name])
    .map((name) => `${name}: ${old[name] ?? '–'} → ${current[name] ?? '–'}`);
}

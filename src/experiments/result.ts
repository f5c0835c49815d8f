/**
 * Stored results: one JSON object a line. A run tells its machine, its versions and the defaults it
 * started from, once; each of its results refers to it. Files of several runs can be concatenated.
 */
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeMachine } from '../bench/machine.js';
import { PatchlineError, systemCode } from '../errors.js';
import { cannotWrite } from '../files.js';
import { type Condition, DEFAULTS } from './conditions.js';

const runSchema = z.object({
  /** When it began, ISO 8601: its name. */
  run: z.string(),
  machine: z.looseObject({ cpu: z.string(), cores: z.number(), node: z.string() }),
  /** What networks were trained on and frames were judged on. */
  backends: z.object({ training: z.string(), judging: z.string() }),
  defaults: z.unknown(),
});

const share = z.number().min(0).max(1);

/** What a threshold does to the test images. */
const thresholdSchema = z.object({
  /** The false-alarm rate that was asked for, and the one that the held-out images can promise. */
  asked: share,
  alpha: share,
  heldOut: z.number(),
  falseAlarms: z.number(),
  good: z.number(),
  found: z.number(),
  defective: z.number(),
});

const resultSchema = z.object({
  run: z.string(),
  category: z.string(),
  seed: z.number(),
  condition: z.string(),
  /** From the defaults of the run. */
  change: z.unknown(),
  /** Cross entropy and accuracy at the end of the training, if there was one. */
  proxy: z.object({ loss: z.number(), accuracy: z.number() }).optional(),
  image: z.object({
    auroc: share,
    f1Max: share,
    /** Defective test images against the held-out training images instead of the good test images. */
    heldOutAuroc: share,
  }),
  pixel: z.object({ auroc: share, ap: share, aupro30: share, aupro05: share, f1Max: share }),
  thresholds: z.array(thresholdSchema),
  /** CPU time of the process since the result before it: the first one has the training. */
  cpuSeconds: z.number(),
});

export type Run = z.infer<typeof runSchema>;
export type Threshold = z.infer<typeof thresholdSchema>;
export type Result = z.infer<typeof resultSchema>;

/** A result before it is known whose it is. */
export type Figures = Pick<Result, 'image' | 'pixel' | 'thresholds'>;

export function beginRun(training: string, now = new Date()): Run {
  return {
    run: now.toISOString(),
    machine: { ...describeMachine(now) },
    backends: { training, judging: 'onnx' },
    defaults: DEFAULTS,
  };
}

/** What a condition changes, without its name. */
export function changeOf({ name: _, ...change }: Condition): object {
  return change;
}

/** Runs and results of a file, in their order. */
export class Results {
  readonly runs: Run[] = [];
  readonly #results = new Map<string, Result>();
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** No file is one without lines. @throws PL_CONFIG (usage) naming the line that is no result */
  static async open(path: string): Promise<Results> {
    const results = new Results(path);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '';
      throw unreadable(path, String(systemCode(error)));
    });
    for (const [i, line] of text.split('\n').entries()) {
      if (line.trim() !== '') results.#take(parse(line, `${path}, line ${i + 1}`));
    }
    return results;
  }

  /** Of the defaults as they are now; of one that was measured twice, the later one. */
  get current(): Result[] {
    return [...this.#results.values()].filter((result) => this.#isCurrent(result));
  }

  /** Whether there is a result of the present defaults, of a condition that meant the same. */
  has(category: string, seed: number, condition: Condition): boolean {
    const result = this.#results.get(keyOf(category, seed, condition.name));
    if (result === undefined || !this.#isCurrent(result)) return false;
    return JSON.stringify(result.change) === JSON.stringify(changeOf(condition));
  }

  /** Results of other defaults: what was measured before the recipe changed. */
  get outdated(): number {
    return this.#results.size - this.current.length;
  }

  /** @throws PL_WRITE */
  add(line: Run | Result): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`); // now: the next moment may kill us
    } catch (cause) {
      throw cannotWrite(this.#path, cause);
    }
    this.#take(line);
  }

  #isCurrent(result: Result): boolean {
    const run = this.runs.find(({ run }) => run === result.run);
    return JSON.stringify(run?.defaults) === JSON.stringify(DEFAULTS);
  }

  #take(line: Run | Result): void {
    if ('machine' in line) {
      this.runs.push(line);
      return;
    }
    const key = keyOf(line.category, line.seed, line.condition);
    this.#results.delete(key); // a later one goes to the end
    this.#results.set(key, line);
  }
}

function keyOf(category: string, seed: number, condition: string): string {
  return [category, seed, condition].join('|');
}

function parse(line: string, place: string): Run | Result {
  try {
    return z.union([runSchema, resultSchema]).parse(JSON.parse(line));
  } catch (cause) {
    throw unreadable(place, 'no result of an experiment', cause);
  }
}

function unreadable(place: string, reason: string, cause?: unknown): PatchlineError {
  return new PatchlineError('PL_CONFIG', `${place}: ${reason}`, {
    disposition: 'usage',
    hint: 'give --results a file that npm run ablation has written, or a new one',
    cause,
  });
}

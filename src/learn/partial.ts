/**
 * An unfinished training run on disk, beside where the model will be: what it was started with
 * (`run.json`) and how far it came (`checkpoint.safetensors`).
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PatchlineError, systemCode } from '../errors.js';
import { makeDirectory, writeFileAtomically } from '../files.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../model/safetensors.js';
import type { GoodImage } from './images.js';
import type { Checkpoints } from './proxy-task.js';

const RUN_FILE = 'run.json';
const CHECKPOINT_FILE = 'checkpoint.safetensors';

/** All that the result depends on, by the name a person knows it by. */
export type RunRecord = Readonly<Record<string, string | number>>;

const recordSchema = z.record(z.string(), z.union([z.string(), z.number()]));

/** SHA-256 of names and pixels, in their order. */
export function digestOf(images: readonly GoodImage[]): string {
  const hash = createHash('sha256');
  for (const { name, pixels } of images) hash.update(`${name}\n`).update(pixels.data);
  return hash.digest('hex');
}

export class PartialRun implements Checkpoints {
  readonly dir: string;
  #step: number | undefined;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Starts anew; what an earlier run left there is replaced. @throws PL_WRITE */
  static async begin(dir: string, record: RunRecord): Promise<PartialRun> {
    const partial = new PartialRun(dir);
    await partial.remove();
    await makeDirectory(dir);
    await writeFileAtomically(join(dir, RUN_FILE), `${JSON.stringify(record, null, 2)}\n`);
    return partial;
  }

  /**
   * Goes on with a run that was started with the same options, images and version: with others its
   * checkpoint would lead to a model that no uninterrupted run can give.
   *
   * @throws PL_USAGE (usage) if there is no such run
   */
  static async resume(dir: string, record: RunRecord): Promise<PartialRun> {
    const differences = differencesOf(await readRecord(dir), record);
    if (differences.length > 0) {
      const list = differences.map((line) => `\n  ${line}`).join('');
      throw unusable(`${dir} was started differently:${list}`, 'repeat the options of that run');
    }
    const partial = new PartialRun(dir);
    await partial.load(); // a damaged checkpoint is told at once
    return partial;
  }

  /** Whether there is anything at all of an earlier run. */
  static async exists(dir: string): Promise<boolean> {
    return readRecord(dir).then(
      () => true,
      () => false,
    );
  }

  /** The step of the checkpoint that lies on disk, as far as this run has read or written it. */
  get step(): number | undefined {
    return this.#step;
  }

  async load(): Promise<Record<string, Tensor> | undefined> {
    const path = join(this.dir, CHECKPOINT_FILE);
    const bytes = await readFile(path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined; // stopped before the first one
      throw unusable(`${path} cannot be read (${systemCode(error)})`, 'check its rights');
    });
    if (bytes === undefined) return undefined;
    try {
      const tensors = decodeSafetensors(bytes, path);
      this.#step = tensors.step.data[0];
      return tensors;
    } catch {
      throw unusable(`${path} is damaged`);
    }
  }

  async save(tensors: Record<string, Tensor>): Promise<void> {
    await writeFileAtomically(join(this.dir, CHECKPOINT_FILE), encodeSafetensors(tensors));
    this.#step = tensors.step.data[0];
  }

  /** Never fails: what stays behind is replaced by the next run. */
  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true }).catch(() => {});
  }
}

async function readRecord(dir: string): Promise<RunRecord> {
  const path = join(dir, RUN_FILE);
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') throw unusable(`there is no run to resume in ${dir}`);
    throw unusable(`${path} is damaged`);
  }
}

function differencesOf(then: RunRecord, now: RunRecord): string[] {
  const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  return keys
    .filter((key) => then[key] !== now[key])
    .map((key) => `${key}: ${then[key] ?? 'not set'} then, ${now[key] ?? 'not set'} now`);
}

function unusable(message: string, advice?: string): PatchlineError {
  const anew = 'leave out --resume to start anew';
  return new PatchlineError('PL_USAGE', message, {
    disposition: 'usage',
    hint: advice === undefined ? anew : `${advice}, or ${anew}`,
  });
}

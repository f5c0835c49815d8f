/**
 * Remembers on disk what a probe has measured, so that a worker starts at once the next time. A
 * place that cannot be read or written only means that the next start probes again.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeDirectory, writeFileAtomically } from '../files.js';

const rateSchema = z.object({ name: z.string(), framesPerSecond: z.number().positive() });
const entrySchema = z.object({ at: z.iso.datetime(), rates: z.array(rateSchema) });
const fileSchema = z.record(z.string(), entrySchema);

export type Rates = z.infer<typeof rateSchema>[];

/** Entries that are kept; the oldest go first. */
const MOST_ENTRIES = 32;

export class ProbeMemory {
  readonly #path: string;

  constructor(directory = cacheDirectory()) {
    this.#path = join(directory, 'patchline', 'backends.json');
  }

  /** @param of all that the rates depend on, as JSON */
  async recall(of: object): Promise<Rates | undefined> {
    return (await this.#read())[digest(of)]?.rates;
  }

  async remember(of: object, rates: Rates): Promise<void> {
    const entries = {
      ...(await this.#read()),
      [digest(of)]: { at: new Date().toISOString(), rates },
    };
    const latest = Object.entries(entries)
      .sort(([, a], [, b]) => b.at.localeCompare(a.at))
      .slice(0, MOST_ENTRIES);
    try {
      await makeDirectory(dirname(this.#path));
      await writeFileAtomically(this.#path, `${JSON.stringify(Object.fromEntries(latest))}\n`);
    } catch {
      // a read-only home
    }
  }

  async #read(): Promise<z.infer<typeof fileSchema>> {
    try {
      return fileSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return {}; // none yet, or not ours
    }
  }
}

function digest(of: object): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex');
}

/** Where the user's programs keep what they can make again. */
function cacheDirectory(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return XDG_CACHE_HOME || join(homedir(), '.cache');
}

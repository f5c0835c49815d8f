/** Outcomes into a folder: results as JSON lines, pictures, maps and rejected frames as files. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PatchlineError } from '../../errors.js';
import type { Frame, Judgement, Outcome } from '../../frame/frame.js';
import { encodeMap } from '../../localize/encode.js';
import type { OutcomeSink } from '../ports.js';
import { resultMessage } from '../result.js';

export interface FolderSinkOptions {
  /** Writes each frame's score grid as 16-bit PNG into `maps/`. Default false. */
  readonly maps?: boolean;
}

/**
 * `results.jsonl` (one result a line, appended), `overlays/` (frames that have one), `maps/` and
 * `rejected/` (the frame as it came, beside why).
 */
export class FolderSink implements OutcomeSink {
  readonly name: string;
  readonly #folder: string;
  readonly #options: FolderSinkOptions;
  readonly #results: FileHandle;
  #lastWrite = Promise.resolve();

  private constructor(folder: string, results: FileHandle, options: FolderSinkOptions) {
    this.name = `folder ${folder}`;
    this.#folder = folder;
    this.#results = results;
    this.#options = options;
  }

  /** @throws PL_SINK if the folder cannot be made or written to */
  static async open(folder: string, options: FolderSinkOptions = {}): Promise<FolderSink> {
    try {
      for (const name of ['overlays', 'rejected', ...(options.maps ? ['maps'] : [])]) {
        await mkdir(join(folder, name), { recursive: true });
      }
      const results = await open(join(folder, 'results.jsonl'), 'a+');
      await endLastLine(results);
      return new FolderSink(folder, results, options);
    } catch (error) {
      throw failed(folder, error);
    }
  }

  async publish(frame: Frame, outcome: Outcome): Promise<void> {
    try {
      const name = fileName(frame.id);
      const files =
        outcome.verdict === 'rejected'
          ? this.#reject(frame, outcome.message, name)
          : this.#pictures(outcome, name);
      await this.#append(files, `${JSON.stringify(resultMessage(frame, outcome))}\n`);
    } catch (error) {
      throw failed(this.#folder, error);
    }
  }

  async close(): Promise<void> {
    await this.#lastWrite.catch(() => {}); // the frame that it was for told of it
    await this.#results.close();
  }

  async #pictures(judgement: Judgement, name: string): Promise<void> {
    const { overlay, grid } = judgement;
    if (overlay !== undefined) await this.#write('overlays', `${name}.jpg`, overlay);
    if (this.#options.maps !== true || grid === undefined) return;
    const { png, scaleMin, scaleMax } = await encodeMap(grid);
    const { rows, cols, stride, offset } = grid;
    await this.#write('maps', `${name}.png`, png);
    await this.#write(
      'maps',
      `${name}.json`,
      JSON.stringify({ rows, cols, stride, offset, scaleMin, scaleMax }),
    );
  }

  async #reject(frame: Frame, reason: string, name: string): Promise<void> {
    // No frame's name ends with .txt, so that none is taken for why another one was rejected.
    await this.#write('rejected', name.replace(/\.txt$/i, '%2Etxt'), frame.bytes);
    await this.#write('rejected', `${name}.txt`, `${reason}\n`);
  }

  #write(folder: string, name: string, content: Uint8Array | string): Promise<void> {
    return writeFile(join(this.#folder, folder, name), content);
  }

  /**
   * One line after the other, each behind the files that belong to it; after one that failed, and may
   * have been cut short, none.
   */
  #append(files: Promise<void>, line: string): Promise<void> {
    files.catch(() => {}); // its turn tells of it
    this.#lastWrite = this.#lastWrite.then(async () => {
      await files;
      await this.#results.appendFile(line);
      const { nlink } = await this.#results.stat();
      if (nlink === 0) throw new Error('results.jsonl was deleted');
    });
    return this.#lastWrite;
  }
}

/** A worker that was killed may have left half a line: it is not to spoil the next one. */
async function endLastLine(results: FileHandle): Promise<void> {
  const { size } = await results.stat();
  if (size === 0) return;
  const { buffer } = await results.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer.toString() !== '\n') await results.appendFile('\n');
}

/** Characters; file systems take 255 bytes. */
const MAX_NAME = 200;

/** A frame id is not ours: one flat, harmless file name for each (percent-encoded). */
export function fileName(id: string): string {
  const text = Buffer.from(id).toString(); // a lone surrogate cannot be encoded
  const safe = encodeURIComponent(text).replace(/^\./, '%2E').replaceAll('*', '%2A') || '%';
  if (safe.length <= MAX_NAME) return safe;
  const digest = createHash('sha256').update(safe).digest('hex').slice(0, 20);
  return `${safe.slice(0, 160)}%-${digest}`; // no encoded name has %-
}

function failed(folder: string, error: unknown): PatchlineError {
  if (error instanceof PatchlineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new PatchlineError('PL_SINK', `results cannot be written to ${folder}: ${reason}`, {
    hint: 'check that the folder may be written and the disk has room',
    cause: error,
  });
}

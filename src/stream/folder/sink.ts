/** Outcomes into a folder: results as JSON lines, pictures, maps and rejected frames as files. */
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
  #lastWrite: Promise<void> = Promise.resolve();

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
      return new FolderSink(folder, await open(join(folder, 'results.jsonl'), 'a'), options);
    } catch (error) {
      throw failed(folder, error);
    }
  }

  async publish(frame: Frame, outcome: Outcome): Promise<void> {
    try {
      const name = fileName(frame.id);
      if (outcome.verdict === 'rejected') await this.#reject(frame, outcome.message, name);
      else await this.#pictures(outcome, name);
      await this.#append(`${JSON.stringify(resultMessage(frame, outcome))}\n`);
    } catch (error) {
      throw failed(this.#folder, error);
    }
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#results.close();
  }

  async #pictures(judgement: Judgement, name: string): Promise<void> {
    const { overlay, grid } = judgement;
    if (overlay !== undefined) await this.#write('overlays', `${name}.jpg`, overlay);
    if (this.#options.maps !== true) return;
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
    await this.#write('rejected', name, frame.bytes);
    await this.#write('rejected', `${name}.txt`, `${reason}\n`);
  }

  #write(folder: string, name: string, content: Uint8Array | string): Promise<void> {
    return writeFile(join(this.#folder, folder, name), content);
  }

  /** Lines of frames that are published at once must not mix. */
  #append(line: string): Promise<void> {
    const written = this.#lastWrite.then(() => this.#results.appendFile(line));
    this.#lastWrite = written.catch(() => {});
    return written;
  }
}

/** A frame id is not ours: one flat, harmless file name for each (percent-encoded). */
export function fileName(id: string): string {
  const safe = encodeURIComponent(id).replace(/^\./, '%2E').replaceAll('*', '%2A');
  return safe.length <= 200 ? safe : `${safe.slice(0, 160)}-${hash(safe)}`;
}

/** FNV-1a, 32 bit: tells long names apart. */
function hash(text: string): string {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return (h >>> 0).toString(16);
}

function failed(folder: string, error: unknown): PatchlineError {
  if (error instanceof PatchlineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new PatchlineError('PL_SINK', `results cannot be written to ${folder}: ${reason}`, {
    hint: 'check that the folder may be written and the disk has room',
    cause: error,
  });
}

import { parse } from 'node:path';

const MAX_NAME = 100;

/** Gives each image a file name of its own, without directories: `001`, `001-2` … */
export class FileNames {
  readonly #taken = new Set<string>();

  /** @returns without suffix */
  of(path: string): string {
    const plain = parse(path).name.replace(/[^\p{L}\p{N}._-]/gu, '_');
    const base = plain.replace(/^\.+/, '').slice(0, MAX_NAME) || 'image';
    let name = base;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++) name = `${base}-${n}`;
    this.#taken.add(name.toLowerCase()); // some file systems do not tell A from a
    return name;
  }
}

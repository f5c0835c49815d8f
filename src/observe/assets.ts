import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of the live page by request path, read once: no request ever names a file. */
export function loadPage(): ReadonlyMap<string, Asset> {
  const folder = new URL('./page/', import.meta.url);
  const assets = readdirSync(folder).map((file): [string, Asset] => [
    file === 'index.html' ? '/' : `/${file}`,
    { type: TYPES[extname(file)], body: readFileSync(new URL(file, folder)) },
  ]);
  return new Map(assets);
}

import { readFileSync } from 'node:fs';

const manifest: unknown = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** Version of this package, as npm knows it. */
export const PATCHLINE_VERSION = (manifest as { version: string }).version;

/** The published schemas, compiled: every message that a test sees is held against them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export const CONTRACT = fileURLToPath(
  new URL('../../../../src/stream/kafka/contract/', import.meta.url),
);

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
});
for (const name of readdirSync(CONTRACT).filter((file) => file.endsWith('.json'))) {
  ajv.addSchema(JSON.parse(readFileSync(CONTRACT + name, 'utf8')));
}

export type Schema =
  | 'frame.headers'
  | 'result'
  | 'result.headers'
  | 'map.headers'
  | 'dead-letter.headers';

/** What is wrong with it; empty if nothing is. */
export function violations(schema: Schema, value: unknown): string[] {
  const validate = ajv.getSchema(`${schema}.schema.json`) as ValidateFunction;
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

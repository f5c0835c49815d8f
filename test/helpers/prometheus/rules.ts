/** deploy/prometheus, as the tests read it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The repository, seen from dist/test/helpers/prometheus. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function readText(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

const { groups } = parse(readText('deploy/prometheus/rules.yml')) as {
  groups: { rules: (Alert | Recording)[] }[];
};
const rules = groups.flatMap((group) => group.rules);

export const ALERTS = rules.filter((rule): rule is Alert => 'alert' in rule);
export const RECORDINGS = rules.filter((rule): rule is Recording => 'record' in rule);

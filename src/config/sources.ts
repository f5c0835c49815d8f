/** Where the values of options come from: the command line, the environment, a file. */
import { readFile } from 'node:fs/promises';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { systemCode } from '../errors.js';
import { keyOf, type Operand, type OptionTable, variableOf } from './option.js';
import type { Problem } from './problem.js';
import { didYouMean } from './suggest.js';

/** A value as it was written, and what messages call the place. */
export interface RawValue {
  readonly value: unknown;
  readonly where: string;
  readonly ofConfig?: boolean;
}

export interface RawValues {
  /** By name of the option. */
  readonly values: ReadonlyMap<string, RawValue>;
  readonly problems: readonly Problem[];
}

export interface CommandLine extends RawValues {
  /** Options that are there, but without their value. */
  readonly valueless: ReadonlySet<string>;
  readonly operands: readonly string[];
}

/** `--name value`, `--name=value`, `--switch`; the last one counts; after `--` all are operands. */
export function readCommandLine(
  table: OptionTable,
  operand: Operand | undefined,
  args: readonly string[],
): CommandLine {
  const values = new Map<string, RawValue>();
  const valueless = new Set<string>();
  const operands: string[] = [];
  const problems: Problem[] = [];
  const names = new Map(Object.keys(table).map((name) => [keyOf(name), name]));
  const { tokens } = parseArgs({
    args: [...args],
    options: parserOptions(table),
    strict: false, // it would throw at the first problem
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName: where, value } = token;
    const name = names.get(token.name);
    if (name === undefined) {
      const flags = [...names.keys()].map((key) => `--${key}`);
      problems.push({ where, what: `unknown option${didYouMean(where, flags)}` });
    } else if (isSwitch(table, name) || isValue(token)) {
      values.set(name, { value: value ?? true, where });
    } else {
      valueless.add(name);
      const { kind, secret } = table[name];
      const got =
        value === undefined ? 'nothing' : secret ? 'something else, not shown here' : value;
      const what = `expected ${kind.expected}, got ${got}`;
      problems.push({ where, what });
    }
  }
  if (operand !== undefined && operands.length === 0) {
    problems.push({ where: operand.placeholder, what: 'missing' });
  }
  // The value of an unknown option looks like an operand: one problem is enough.
  const isClear = tokens.every((token) => token.kind !== 'option' || names.has(token.name));
  if (isClear) problems.push(...surplusOf(operand, operands));
  return { values, valueless, operands, problems };
}

function parserOptions(table: OptionTable): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.keys(table).map((name) => [
      keyOf(name),
      { type: isSwitch(table, name) ? 'boolean' : 'string' },
    ]),
  );
}

function isSwitch(table: OptionTable, name: string): boolean {
  return table[name].kind.placeholder === '';
}

/** `--steps --seed 3` takes `--seed` for the steps; `--sigma -3` is a number, if a wrong one. */
function isValue({
  value,
  inlineValue,
}: {
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}): boolean {
  return value !== undefined && (inlineValue === true || !/^-[^\d.]/.test(value));
}

function surplusOf(operand: Operand | undefined, operands: readonly string[]): Problem[] {
  if (operand?.count === 'many') return [];
  return operands
    .slice(operand === undefined ? 0 : 1)
    .map((value) => ({ where: `'${value}'`, what: 'one argument too many' }));
}

/** Empty variables count as unset: that is how containers pass what was left out. */
export function readEnvironment(
  table: OptionTable,
  environment: Readonly<Record<string, string | undefined>>,
): RawValues {
  const values = new Map<string, RawValue>();
  for (const name of Object.keys(table)) {
    const where = variableOf(name);
    const value = environment[where];
    if (value !== undefined && value !== '') values.set(name, { value, where, ofConfig: true });
  }
  return { values, problems: [] };
}

/** A flat map in YAML or JSON, keys as the flags without their dashes. */
export async function readConfigFile(table: OptionTable, path: string): Promise<RawValues> {
  const content = await parseFile(path);
  if ('problem' in content) return { values: new Map(), problems: [content.problem] };
  const values = new Map<string, RawValue>();
  const problems: Problem[] = [];
  const names = new Map(
    Object.keys(table).flatMap((name) => (name === 'config' ? [] : [[keyOf(name), name]])),
  );
  for (const [key, value] of Object.entries(content.entries)) {
    const name = names.get(key);
    const where = `${path}: ${key}`;
    if (name !== undefined) values.set(name, { value, where, ofConfig: true });
    else {
      const what = `unknown option${didYouMean(key, [...names.keys()])}`;
      problems.push({ where, what, ofConfig: true });
    }
  }
  return { values, problems };
}

type FileContent = { readonly entries: object } | { readonly problem: Problem };

async function parseFile(path: string): Promise<FileContent> {
  const wrong = (what: string): FileContent => ({
    problem: { where: path, what, ofConfig: true },
  });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    return wrong(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`);
  }
  try {
    const entries: unknown = parseYaml(text) ?? {};
    if (entries instanceof Object && !Array.isArray(entries)) return { entries };
    return wrong('expected lines such as "steps: 300"');
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n');
    return wrong(`is neither YAML nor JSON: ${reason.replace(/:$/, '')}`);
  }
}

/** From flags, environment and file to one checked, frozen config: flags > environment > file. */
import {
  type CommandSpec,
  type Config,
  flagOf,
  type Option,
  type OptionTable,
  type Rule,
} from './option.js';
import { type Problem, usageError } from './problem.js';
import {
  type RawValue,
  type RawValues,
  readCommandLine,
  readConfigFile,
  readEnvironment,
} from './sources.js';
import { didYouMean } from './suggest.js';

export interface Resolved<O extends OptionTable> {
  readonly options: Config<O>;
  readonly operands: readonly string[];
}

/**
 * @param args what follows the command's name
 * @throws PL_USAGE or PL_CONFIG (usage) listing everything that is wrong
 */
export async function resolveOptions<O extends OptionTable>(
  spec: CommandSpec<O>,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Resolved<O>> {
  const line = readCommandLine(spec.options, spec.operand, args);
  const variables = readEnvironment(spec.options, environment);
  const file = await fileOf(spec.options, line, variables);
  const problems = [...line.problems, ...file.problems];
  const chosen = new Map([...file.values, ...variables.values, ...line.values]);
  const config: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(spec.options)) {
    if (line.valueless.has(name)) continue; // told already
    const result = read(flagOf(name), option, chosen.get(name));
    if ('problem' in result) problems.push(result.problem);
    else config[name] = result.value;
  }
  // Without problems the loop has filled every key of the table with what its kind's schema gave.
  const options = Object.freeze(config) as Config<O>;
  if (problems.length === 0) problems.push(...brokenRules(spec.rules ?? [], options));
  if (problems.length > 0) throw usageError(spec.name, problems);
  return { options, operands: line.operands };
}

/** The file that `--config` or PATCHLINE_CONFIG names, if the command has that option. */
async function fileOf(
  table: OptionTable,
  line: RawValues,
  variables: RawValues,
): Promise<RawValues> {
  const path = (line.values.get('config') ?? variables.values.get('config'))?.value;
  if (typeof path !== 'string' || path === '') return { values: new Map(), problems: [] };
  return readConfigFile(table, path);
}

type Result = { readonly value: unknown } | { readonly problem: Problem };

function read(flag: string, option: Option<unknown>, raw: RawValue | undefined): Result {
  const { kind, presence } = option;
  if (raw === undefined) {
    return presence === 'required'
      ? { problem: { where: `${flag} ${kind.placeholder}`, what: 'missing' } }
      : { value: option.default };
  }
  const parsed = kind.schema.safeParse(raw.value);
  if (parsed.success) return { value: parsed.data };
  const { value, ...place } = raw;
  const got = option.secret ? 'something else, not shown here' : shown(value);
  const meant = typeof value === 'string' ? didYouMean(value, kind.choices ?? []) : '';
  return { problem: { ...place, what: `expected ${kind.expected}, got ${got}${meant}` } };
}

/** A value as the user wrote it, shortened. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function brokenRules<O extends OptionTable>(
  rules: readonly Rule<O>[],
  config: Config<O>,
): Problem[] {
  return rules
    .filter((rule) => !rule.holds(config))
    .map(({ options, expected }) => ({ where: options.map(flagOf).join(', '), what: expected }));
}

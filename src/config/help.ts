/** What a command tells of itself: help for a terminal, and the reference as Markdown. */
import {
  type CommandAbout,
  defaultTextOf,
  flagOf,
  type Option,
  type OptionTable,
  variableOf,
} from './option.js';

const INDENT = '  ';

/** Columns of the options; a longer one has a line to itself. */
const LEFT_WIDTH = 24;
/** Columns of the text beside them: 90 in all. */
const TEXT_WIDTH = 64;

/** What is explained, and the explanation. */
type Row = readonly [left: string, text: string];

/** The text of `patchline <command> --help`. */
export function helpText(spec: CommandAbout): string {
  const { name, summary, description, operand, options, examples } = spec;
  const rows = [...groupsOf(options)].map(([group, members]) => ({
    heading: group,
    rows: members.map(([key, option]): Row => [flagWithValue(key, option), aboutOf(option)]),
  }));
  rows[rows.length - 1].rows.push(['--help, -h', 'Shows this text.']);
  if (operand) rows.unshift({ heading: '', rows: [[operand.placeholder, operand.help]] });
  const blocks = [
    `patchline ${name}: ${summary}`,
    `Usage: ${usageLine(spec)}`,
    ...(description === undefined ? [] : [wrap(description, LEFT_WIDTH + TEXT_WIDTH).join('\n')]),
    ...rows.map((group) => section(group.heading, group.rows)),
    ['Examples', ...examples.map((example) => INDENT + example)].join('\n'),
    FOOTER,
  ];
  return blocks.join('\n\n');
}

const FOOTER = `Options can also come from the environment (PATCHLINE_FALSE_ALARM_RATE=0.01) or from a
YAML file (--config FILE with lines such as "false-alarm-rate: 0.01"). A flag counts more
than the environment, and that more than the file.`;

function section(heading: string, rows: readonly Row[]): string {
  const lines = rows.flatMap(([left, text]) => {
    const fits = left.length <= LEFT_WIDTH - 2;
    const beside = wrap(text, TEXT_WIDTH).map(
      (line, i) => (fits && i === 0 ? left : '').padEnd(LEFT_WIDTH) + line,
    );
    return fits ? beside : [left, ...beside];
  });
  const block = lines.map((line) => INDENT + line);
  return (heading === '' ? block : [heading, ...block]).join('\n');
}

/** `patchline train <folder> --model DIR [options]` */
function usageLine({ name, operand, options }: CommandAbout): string {
  const needed = Object.entries(options).filter(([, option]) => option.presence === 'required');
  const parts = needed.map(([key, option]) => flagWithValue(key, option));
  return ['patchline', name, ...(operand ? [operand.placeholder] : []), ...parts, '[options]'].join(
    ' ',
  );
}

function flagWithValue(name: string, { kind }: Option<unknown>): string {
  return kind.placeholder === '' ? flagOf(name) : `${flagOf(name)} ${kind.placeholder}`;
}

function aboutOf(option: Option<unknown>): string {
  const ifLeftOut = defaultTextOf(option);
  return ifLeftOut === undefined ? option.help : `${option.help} Default: ${ifLeftOut}.`;
}

/** In the order in which the groups first occur. */
function groupsOf(table: OptionTable): Map<string, [string, Option<unknown>][]> {
  const groups = new Map<string, [string, Option<unknown>][]>();
  for (const entry of Object.entries(table)) {
    const group = entry[1].group ?? 'Options';
    groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  return groups;
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** All commands and their options, as Markdown. */
export function reference(specs: readonly CommandAbout[]): string {
  return specs.map(commandReference).join('\n\n');
}

function commandReference(spec: CommandAbout): string {
  const { name, summary, description, operand, options, examples } = spec;
  const rows = Object.entries(options).map(([key, option]) => [
    code(flagWithValue(key, option)),
    option.help,
    defaultTextOf(option) ?? (option.presence === 'required' ? '*required*' : ''),
    code(variableOf(key)),
  ]);
  return [
    `## patchline ${name}`,
    `${summary[0].toUpperCase()}${summary.slice(1)}.${description === undefined ? '' : ` ${description}`}`,
    ['```', usageLine(spec), ...examples, '```'].join('\n'),
    ...(operand ? [`${code(operand.placeholder)}: ${operand.help}`] : []),
    table(['Option', 'What it does', 'Default', 'Environment'], rows),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

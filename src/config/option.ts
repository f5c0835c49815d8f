/**
 * An option is declared once, in the table of its command. The flag, the environment variable, the
 * key of a file, the help text, the reference and the type of the resulting config follow from it:
 * `falseAlarmRate` is `--false-alarm-rate`, `PATCHLINE_FALSE_ALARM_RATE` and `false-alarm-rate:`.
 */
import type { Kind } from './kind.js';

export interface OptionText {
  /** What it is and what follows from it. */
  readonly help: string;
  /** Heading in the help text. Default `Options`. */
  readonly group?: string;
  /** What applies where nothing is given, if the default itself does not tell. */
  readonly defaultText?: string;
  /** Its value appears in no message. */
  readonly secret?: boolean;
}

/** `required`: there is no default; `optional`: the command tells what follows from leaving it out. */
type Presence = 'required' | 'default' | 'optional';

export interface Option<out T, out P extends Presence = Presence> extends OptionText {
  readonly kind: Kind<T>;
  readonly presence: P;
  readonly default?: T;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The options of a command as it gets them: checked and frozen. */
export type Config<O extends OptionTable> = {
  readonly [Key in keyof O]: O[Key] extends Option<infer T, infer P>
    ? T | ('optional' extends P ? undefined : never)
    : never;
};

export function required<T>(kind: Kind<T>, about: OptionText): Option<T, 'required'> {
  return { ...about, kind, presence: 'required' };
}

export function withDefault<T>(
  kind: Kind<T>,
  value: NoInfer<T>,
  about: OptionText,
): Option<T, 'default'> {
  return { ...about, kind, presence: 'default', default: value };
}

export function optional<T>(kind: Kind<T>, about: OptionText): Option<T, 'optional'> {
  return { ...about, kind, presence: 'optional' };
}

/** What comes after the command's name without a flag. */
export interface Operand {
  readonly placeholder: string;
  readonly help: string;
  /** `many`: at least one. */
  readonly count: 'one' | 'many';
}

/** A condition on several options, checked once each of them is right by itself. */
export interface Rule<O extends OptionTable> {
  readonly options: readonly (keyof O & string)[];
  holds(config: Config<O>): boolean;
  /** Ends the sentence "--a, --b: …". */
  readonly expected: string;
}

/** What a command tells of itself. */
export interface CommandAbout {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else there is to know, for its own help text. */
  readonly description?: string;
  readonly operand?: Operand;
  readonly options: OptionTable;
  readonly examples: readonly string[];
}

export interface CommandSpec<O extends OptionTable> extends CommandAbout {
  readonly options: O;
  readonly rules?: readonly Rule<O>[];
}

/** `falseAlarmRate` → `false-alarm-rate`: the flag without its dashes, and the key in a file. */
export function keyOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function flagOf(name: string): string {
  return `--${keyOf(name)}`;
}

export function variableOf(name: string): string {
  return `PATCHLINE_${keyOf(name).replaceAll('-', '_').toUpperCase()}`;
}

/** What applies where nothing is given, in words; undefined where that is nothing. */
export function defaultTextOf({
  defaultText,
  default: value,
}: Option<unknown>): string | undefined {
  return defaultText ?? (value === undefined || value === false ? undefined : String(value));
}

/**
 * The kinds of values that options have: how one is written, what is expected, and the schema that
 * reads it, be it the text of a flag or a variable, or a value of a YAML file.
 */
import { z } from 'zod';

export interface Kind<out T> {
  /** What stands for the value in help texts; empty for a switch, which takes none. */
  readonly placeholder: string;
  /** Ends the sentence "expected …". */
  readonly expected: string;
  readonly schema: z.ZodType<T>;
  /** All values, where they can be listed. */
  readonly choices?: readonly string[];
}

/** On or off; as a flag it needs no value. */
export const onOff: Kind<boolean> = {
  placeholder: '',
  expected: 'true or false',
  schema: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]),
};

/** @param placeholder a noun in capitals: it is also what messages expect */
export function text(placeholder: string): Kind<string> {
  const noun = placeholder === 'DIR' ? 'directory' : placeholder.toLowerCase();
  return { placeholder, expected: `a ${noun}`, schema: z.string().min(1) };
}

/** Both ends included. */
export interface Bounds {
  readonly min: number;
  readonly max?: number;
}

export function integer({ min, max }: Bounds): Kind<number> {
  const highest = max ?? Number.MAX_SAFE_INTEGER;
  return {
    placeholder: 'N',
    expected: `a whole number from ${min} ${max === undefined ? 'on' : `to ${max}`}`,
    schema: fromText(z.number().int().min(min).max(highest)),
  };
}

/** A number with neither end included. */
export function numberWithin(above: number, below = Number.POSITIVE_INFINITY): Kind<number> {
  return {
    placeholder: 'X',
    expected: Number.isFinite(below)
      ? `a number between ${above} and ${below}`
      : `a number above ${above}`,
    schema: fromText(z.number().gt(above).lt(below)),
  };
}

/** A share of 1, none and all included. */
export const share: Kind<number> = {
  placeholder: 'SHARE',
  expected: 'a number from 0 to 1',
  schema: fromText(z.number().min(0).max(1)),
};

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A time with its unit, in milliseconds: `500ms`, `2s`, `1.5m`, `1h`. */
export const duration: Kind<number> = {
  placeholder: 'TIME',
  expected: 'a time above 0 with its unit, such as 500ms, 2s, 5m or 1h',
  schema: z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s|m|h)$/)
    .transform((written) => Number.parseFloat(written) * UNIT_MS[written.replace(/[\d.]+/, '')])
    .refine((ms) => ms > 0),
};

export function choice<const T extends string>(values: readonly [T, ...T[]]): Kind<T> {
  return {
    placeholder: values.join('|'),
    expected: `one of ${values.join(', ')}`,
    schema: z.enum(values),
    choices: values,
  };
}

/** Several values: separated by commas, or a list in a file. At least one, none twice. */
export function listOf<T>(kind: Kind<T>, placeholder: string): Kind<readonly T[]> {
  const items = z
    .array(kind.schema)
    .min(1)
    .refine((values) => new Set(values).size === values.length);
  return {
    placeholder,
    expected: `${kind.expected}, or several of them separated by commas`,
    schema: z.preprocess(
      (raw) => (typeof raw === 'string' ? raw.split(',').map((part) => part.trim()) : raw),
      items.readonly(),
    ),
    ...(kind.choices && { choices: kind.choices }),
  };
}

function fromText(schema: z.ZodType<number>): z.ZodType<number> {
  return z.preprocess(
    (raw) => (typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw),
    schema,
  );
}

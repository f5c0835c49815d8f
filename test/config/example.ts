/** A small command with an option of every sort. */
import { choice, integer, listOf, numberWithin, onOff, text } from '../../src/config/kind.js';
import {
  type CommandSpec,
  type Config,
  optional,
  required,
  withDefault,
} from '../../src/config/option.js';
import { resolveOptions } from '../../src/config/resolve.js';
import { PatchlineError } from '../../src/errors.js';

export const options = {
  model: required(text('DIR'), { help: 'The model.', group: 'Model' }),
  steps: withDefault(integer({ min: 0 }), 300, { help: 'More takes longer.' }),
  falseAlarmRate: withDefault(numberWithin(0, 1), 0.05, { help: 'Lower misses more.' }),
  engine: withDefault(choice(['wasm', 'cpu']), 'wasm', { help: 'cpu is slow.' }),
  views: optional(listOf(choice(['near', 'far']), 'VIEW,…'), {
    help: 'What is read.',
    defaultText: 'all',
  }),
  token: optional(text('TOKEN'), { help: 'Asked of everybody.', secret: true }),
  watch: withDefault(onOff, false, { help: 'Waits.' }),
  config: optional(text('FILE'), { help: 'Reads options.' }),
};

export type ExampleConfig = Config<typeof options>;

export const spec: CommandSpec<typeof options> = {
  name: 'look',
  summary: 'look at images',
  description: 'Looks at each image once.',
  operand: { placeholder: '<folder>', help: 'Where the images are.', count: 'one' },
  options,
  rules: [
    {
      options: ['watch', 'steps'],
      holds: ({ watch, steps }) => !watch || steps > 0,
      expected: 'without steps there is nothing to wait for',
    },
  ],
  examples: ['patchline look photos --model m'],
};

export const resolve = (args: readonly string[], environment: Record<string, string> = {}) =>
  resolveOptions(spec, args, environment);

/** The error of a call that must fail. */
export async function failure(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<PatchlineError> {
  const error = await resolve(args, environment).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PatchlineError) return error;
  throw new Error(`expected a PatchlineError, got ${error}`);
}

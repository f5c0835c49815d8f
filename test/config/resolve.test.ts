import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type ExampleConfig, failure, resolve } from './example.js';

const folder = await mkdtemp(join(tmpdir(), 'patchline-config-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

let files = 0;

async function configFile(content: string, suffix = 'yaml'): Promise<string> {
  const path = join(folder, `${files++}.${suffix}`); // tests run side by side
  await writeFile(path, content);
  return path;
}

test('defaults fill what is not given, and the result is frozen', async (t) => {
  const { options, operands } = await resolve(['photos', '--model', 'm']);
  t.deepEqual(options, {
    model: 'm',
    steps: 300,
    falseAlarmRate: 0.05,
    engine: 'wasm',
    views: undefined,
    token: undefined,
    watch: false,
    config: undefined,
  });
  t.deepEqual(operands, ['photos']);
  t.true(Object.isFrozen(options));
});

test('the types of the config follow from the table', async (t) => {
  const { options } = await resolve(['photos', '--model', 'm', '--views', 'near']);
  // Each line is an error of the compiler if the inferred type is another.
  const exact: {
    readonly model: string;
    readonly steps: number;
    readonly falseAlarmRate: number;
    readonly engine: 'wasm' | 'cpu';
    readonly views: readonly ('near' | 'far')[] | undefined;
    readonly token: string | undefined;
    readonly watch: boolean;
    readonly config: string | undefined;
  } = options satisfies ExampleConfig;
  // @ts-expect-error: an optional value may be undefined
  const views: readonly string[] = options.views;
  t.deepEqual(views, ['near']);
  t.true(Object.isFrozen(exact.views));
});

test('flags: separate and inline values, switches, the last one counts, -- ends them', async (t) => {
  const { options, operands } = await resolve([
    '--steps=7',
    '--model',
    'm',
    '--steps',
    '8',
    '--watch',
    '--views=near,far',
    '--',
    '--folder',
  ]);
  t.is(options.steps, 8);
  t.true(options.watch);
  t.deepEqual(options.views, ['near', 'far']);
  t.deepEqual(operands, ['--folder']);
});

test('a switch can be turned off again', async (t) => {
  const { options } = await resolve(['photos', '--model=m', '--watch=false'], {
    PATCHLINE_WATCH: 'true',
  });
  t.false(options.watch);
});

test('flags count more than the environment, and that more than the file', async (t) => {
  const config = await configFile('steps: 1\nengine: cpu\nfalse-alarm-rate: 0.3\nmodel: of-file\n');
  const environment = { PATCHLINE_STEPS: '2', PATCHLINE_ENGINE: 'wasm', PATCHLINE_CONFIG: config };
  const { options } = await resolve(['photos', '--steps', '3'], environment);
  t.is(options.steps, 3); // flag
  t.is(options.engine, 'wasm'); // environment
  t.is(options.falseAlarmRate, 0.3); // file
  t.is(options.model, 'of-file');
});

test('a wrong value that a better source overrides does no harm', async (t) => {
  const { options } = await resolve(['photos', '--model=m', '--steps=3'], { PATCHLINE_STEPS: 'x' });
  t.is(options.steps, 3);
});

test('an empty variable is as good as none', async (t) => {
  const { options } = await resolve(['photos', '--model=m'], { PATCHLINE_STEPS: '' });
  t.is(options.steps, 300);
});

test('a file may be JSON, have lists, or be empty', async (t) => {
  const json = await configFile('{"steps": 4, "views": ["far"], "watch": true}', 'json');
  const { options } = await resolve(['photos', '--model=m', '--config', json]);
  t.is(options.steps, 4);
  t.deepEqual(options.views, ['far']);
  t.true(options.watch);
  const empty = await configFile('# nothing yet\n');
  t.is((await resolve(['photos', '--model=m', '--config', empty])).options.steps, 300);
});

test('all problems are told at once, each with the place, the expected and the got', async (t) => {
  const config = await configFile('engine: webgpu\nstep: 3\n');
  const error = await failure(
    ['--stpes=3', '--false-alarm-rate', '5', '--views', 'near,afar', '--config', config],
    { PATCHLINE_STEPS: '-1' },
  );
  t.is(error.code, 'PL_USAGE');
  t.is(error.disposition, 'usage');
  t.deepEqual(error.message.split('\n'), [
    '8 things are wrong:',
    '  --stpes: unknown option; did you mean --steps?',
    '  <folder>: missing',
    `  ${config}: step: unknown option; did you mean steps?`,
    '  --model DIR: missing',
    "  PATCHLINE_STEPS: expected a whole number from 0 on, got '-1'",
    "  --false-alarm-rate: expected a number between 0 and 1, got '5'",
    `  ${config}: engine: expected one of wasm, cpu, got 'webgpu'`,
    "  --views: expected one of near, far, or several of them separated by commas, got 'near,afar'",
  ]);
});

test('problems of the config alone have a code of their own', async (t) => {
  const { code, message } = await failure(['photos', '--model=m'], { PATCHLINE_ENGINE: 'wsam' });
  t.is(code, 'PL_CONFIG');
  t.is(message, "PATCHLINE_ENGINE: expected one of wasm, cpu, got 'wsam'; did you mean wasm?");
});

test('an option that swallows the next one is told as such, once', async (t) => {
  t.is(
    (await failure(['photos', '--model', '--watch'])).message,
    '--model: expected a directory, got --watch',
  );
  t.is(
    (await failure(['photos', '--model', 'm', '--steps'])).message,
    '--steps: expected a whole number from 0 on, got nothing',
  );
  t.is(
    (await failure(['photos', '--model=m', '--steps', '-3'])).message,
    "--steps: expected a whole number from 0 on, got '-3'",
  );
});

test('operands: missing, too many, and not blamed for an unknown option', async (t) => {
  t.is((await failure(['--model=m'])).message, '<folder>: missing');
  t.is((await failure(['a', 'b', '--model=m'])).message, "'b': one argument too many");
  t.is((await failure(['a', '--speed', '9', '--model=m'])).message, '--speed: unknown option');
});

test('a secret value appears in no message', async (t) => {
  const config = await configFile('token: 12345\n');
  const { message } = await failure(['photos', '--model=m', '--config', config]);
  t.true(message.includes('expected a token'));
  t.false(message.includes('12345'));
});

test('rules are checked once every option is right', async (t) => {
  const args = ['photos', '--model=m', '--watch', '--steps=0'];
  t.is(
    (await failure(args)).message,
    '--watch, --steps: without steps there is nothing to wait for',
  );
  t.false((await failure([...args, '--engine=x'])).message.includes('nothing to wait for'));
});

test('a file that is not there, no map, or no YAML', async (t) => {
  const messageOf = async (path: string) =>
    (await failure(['photos', '--model=m', '--config', path])).message;
  t.is(await messageOf('/nowhere/at/all.yaml'), '/nowhere/at/all.yaml: does not exist');
  const list = await configFile('- steps\n');
  t.is(await messageOf(list), `${list}: expected lines such as "steps: 300"`);
  const broken = await configFile('steps: [1\n');
  t.true((await messageOf(broken)).startsWith(`${broken}: is neither YAML nor JSON: `));
});

test('numbers are numbers: no empty text, no infinity, no fraction where none is meant', async (t) => {
  for (const value of ['', ' ', '1.5', 'Infinity', 'NaN', '3 steps', '9007199254740993']) {
    const { message } = await failure(['photos', '--model=m', `--steps=${value}`]);
    t.is(message, `--steps: expected a whole number from 0 on, got '${value}'`);
  }
});

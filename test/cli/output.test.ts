import test from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { screen } from './screen.js';

test('people: the result goes to stdout, what is said on the way to stderr', (t) => {
  const { output, written } = screen();
  output.note('reading');
  output.text('done');
  output.result({ done: true });
  t.deepEqual(written, { stdout: 'done\n', stderr: 'reading\n' });
});

test('programs: stdout is one JSON object, all text goes to stderr', (t) => {
  const { output, written } = screen({ json: true });
  output.note('reading');
  output.text('done');
  output.result({ done: true });
  t.deepEqual(JSON.parse(written.stdout), { done: true });
  t.is(written.stderr, 'reading\ndone\n');
});

test('an error tells what to do, to people and to programs', (t) => {
  const error = new PatchlineError('PL_DATASET', 'x has no images', { hint: 'give some' });
  const people = screen();
  people.output.fail(error);
  t.deepEqual(people.written, { stdout: '', stderr: 'error: x has no images\n  → give some\n' });
  const programs = screen({ json: true });
  programs.output.fail(error);
  t.deepEqual(JSON.parse(programs.written.stdout), {
    error: { code: 'PL_DATASET', message: 'x has no images', hint: 'give some' },
  });
});

test('being stopped is no error', (t) => {
  const { output, written } = screen();
  output.fail(new PatchlineError('PL_ABORTED', 'stopped; nothing was written'));
  t.is(written.stderr, 'stopped; nothing was written\n');
});

test('an unexpected error is called a bug; only --verbose shows the stack', (t) => {
  const quiet = screen();
  quiet.output.crash(new TypeError('x is not a function'), false);
  t.true(quiet.written.stderr.startsWith('error: x is not a function\n  → this is a bug'));
  t.notRegex(quiet.written.stderr, /^\s+at /m);
  const verbose = screen();
  verbose.output.crash(new TypeError('x is not a function'), true);
  t.regex(verbose.written.stderr, /^\s+at /m);
});

test('a live line is overwritten, cut to the terminal, and gone before other text', (t) => {
  const { output, written } = screen({ isTTY: true });
  output.live('1/3');
  output.live('x'.repeat(100));
  output.text('done');
  const clear = '\r\u001b[K';
  t.is(written.stderr, `${clear}1/3${clear}${'x'.repeat(39)}${clear}`);
  t.is(written.stdout, 'done\n');
});

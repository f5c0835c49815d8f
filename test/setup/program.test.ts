import { execPath } from 'node:process';
import test from 'ava';
import { runProgram } from '../../src/setup/program.js';

const script = (code: string, options = {}) =>
  runProgram(execPath, ['-e', code], { hint: 'install it', ...options });

test('what a program prints on stdout comes back, not what it prints on stderr', async (t) => {
  t.is(await script('console.log("out"); console.error("err")'), 'out\n');
});

test('a program that is not there is told with what to do', async (t) => {
  const error = await t.throwsAsync(runProgram('no-such-pip', [], { hint: 'install pip' }), {
    code: 'PL_SETUP',
    message: 'no-such-pip is not installed',
  });
  t.like(error, { hint: 'install pip' });
});

test('a program that fails is told by its last words; known ones come with advice', async (t) => {
  const full =
    'console.error("x".repeat(5000) + "OSError: No space left on device"); process.exit(2)';
  const error = await t.throwsAsync(script(full), { code: 'PL_SETUP' });
  t.regex(error.message, /failed \(2\):\nx+OSError: No space left on device$/);
  t.true(error.message.length < 2200);
  t.like(error, { hint: 'the disk is full: make room, or choose another with --dir' });

  const noPip = await t.throwsAsync(
    script('console.error("python3: No module named pip"); process.exit(1)'),
  );
  t.regex(String((noPip as { hint?: string }).hint), /install pip .* --wheel/);
});

test('a program that is killed is told by the signal', async (t) => {
  const error = await t.throwsAsync(script('process.kill(process.pid, "SIGSEGV")'));
  t.regex(error.message, /failed \(SIGSEGV\)/);
});

test('an abort ends the program with its reason', async (t) => {
  const controller = new AbortController();
  const running = script('setTimeout(() => {}, 60_000)', { signal: controller.signal });
  const reason = new Error('stopped');
  controller.abort(reason);
  t.is(await t.throwsAsync(running), reason);
});

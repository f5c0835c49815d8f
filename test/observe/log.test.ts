import test from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { createLogger, type LoggerOptions } from '../../src/observe/log.js';

function capture(options: LoggerOptions = {}) {
  const lines: string[] = [];
  const logger = createLogger({ ...options, stream: { write: (line) => void lines.push(line) } });
  return { logger, lines, records: () => lines.map((line) => JSON.parse(line)) };
}

test('a line is a JSON object with level, time, name, fields and message', (t) => {
  const { logger, records } = capture({ name: 'worker' });
  logger.info('model loaded', { model: 'abc' });
  const [record] = records();
  t.like(record, {
    level: 'info',
    name: 'worker',
    model: 'abc',
    msg: 'model loaded',
    pid: process.pid,
  });
  t.regex(record.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('below the level it is silent', (t) => {
  const { logger, lines } = capture({ level: 'warn' });
  logger.debug('a');
  logger.info('b');
  t.is(lines.length, 0);
  logger.warn('c');
  logger.error('d');
  t.is(lines.length, 2);
});

test('what comes from outside is data: no formats, no second line, no terminal codes', (t) => {
  const { logger, lines, records } = capture();
  const hostile = '%s %o %j\n{"level":"error","msg":"forged"}\u001b[2J';
  logger.warn(hostile, { camera: hostile });
  t.is(lines.length, 1);
  t.is(lines[0].indexOf('\n'), lines[0].length - 1);
  t.false(lines[0].includes('\u001b'));
  t.like(records()[0], { level: 'warn', msg: hostile, camera: hostile });
});

test('an error keeps its code, hint and cause', (t) => {
  const { logger, records } = capture();
  const error = new PatchlineError('PL_WRITE', 'cannot write /m', {
    hint: 'make room',
    cause: new Error('ENOSPC'),
  });
  logger.error('bundle not written', { error });
  const [record] = records();
  t.is(record.msg, 'bundle not written');
  t.like(record.error, { code: 'PL_WRITE', hint: 'make room', disposition: 'fatal' });
  t.regex(record.error.message, /cannot write \/m: ENOSPC/);
  t.regex(record.error.stack, /log\.test/);
});

test('a child adds its fields', (t) => {
  const { logger, records } = capture();
  logger.child({ camera: 'c' }).info('x', { step: 1 });
  t.like(records()[0], { camera: 'c', step: 1, msg: 'x' });
});

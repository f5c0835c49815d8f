import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';
import { PatchlineError } from '../../../src/errors.js';
import { KafkaClient } from '../../../src/stream/kafka/client.js';
import { compileTopics, readTls } from '../../../src/stream/kafka/options.js';

const SECRET = 'correct-horse-battery-staple';

test('a client tells where it connects, and never its password', (t) => {
  const client = new KafkaClient({
    brokers: ['a:9092', 'b:9092'],
    tls: true,
    sasl: { mechanism: 'scram-sha-512', username: 'worker', password: SECRET },
  });
  t.is(client.where, 'a:9092,b:9092 (TLS, SASL scram-sha-512 as worker)');
  const seen = [
    inspect(client, { depth: 9, showHidden: true }),
    JSON.stringify(client),
    inspect(client.error(new Error('no'))),
  ];
  for (const text of seen) t.false(text.includes(SECRET));
});

test('brokers are host:port', (t) => {
  for (const brokers of [
    [],
    ['kafka'],
    ['kafka:'],
    ['kafka:x'],
    ['http://kafka:9092'],
    ['a:1', '[::1]:9092'],
  ]) {
    const error = t.throws(() => new KafkaClient({ brokers }), { instanceOf: PatchlineError });
    t.is(error.disposition, 'usage');
    t.regex(error.message, /host:port/);
  }
});

test('TLS files that are missing or no PEM are named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchline-tls-'));
  const path = join(folder, 'ca.pem');
  t.throws(() => readTls({ ca: path }), { message: new RegExp(`${path} cannot be used for TLS`) });
  writeFileSync(path, 'not a certificate');
  t.throws(() => readTls({ ca: path }), { message: /it has no BEGIN line/ });
  writeFileSync(path, '-----BEGIN CERTIFICATE-----\n');
  t.like(readTls({ ca: path }), { ca: ['-----BEGIN CERTIFICATE-----\n'] });
  t.is(readTls(), false);
  t.deepEqual(readTls(true), {});
});

test('the prefix goes before each topic', (t) => {
  const topics = { prefix: 'plant-7.', frames: 'frames', results: 'results', maps: 'maps' };
  t.deepEqual(compileTopics(topics), {
    frames: 'plant-7.frames',
    results: 'plant-7.results',
    maps: 'plant-7.maps',
  });
});

test('kafkajs timers in the past print nothing', (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  new KafkaClient({ brokers: ['a:1'] });
  process.emitWarning('-1 is a negative number', 'TimeoutNegativeWarning');
  process.emitWarning('something else', 'OtherWarning');
  return new Promise<void>((resolve) => {
    setImmediate(() => {
      process.off('warning', note);
      t.deepEqual(
        warnings.map(({ name }) => name),
        ['OtherWarning'],
      );
      resolve();
    });
  });
});

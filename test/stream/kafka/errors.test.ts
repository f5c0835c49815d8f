import test from 'ava';
import kafkajs from 'kafkajs';
import { PatchlineError } from '../../../src/errors.js';
import { causeOf, kafkaError, remedyFor } from '../../../src/stream/kafka/errors.js';

/** As kafkajs makes them; its types leave out what the constructors take. */
const made = (name: string, ...args: unknown[]): Error => {
  const classes = kafkajs as unknown as Record<string, new (...args: unknown[]) => Error>;
  return new classes[name](...args);
};

const protocol = (type: string) =>
  made('KafkaJSProtocolError', Object.assign(new Error(`text of ${type}`), { type, code: 1 }));

test('the cause is the innermost error, however kafkajs wraps it', (t) => {
  const inner = protocol('MESSAGE_TOO_LARGE');
  const wrapped = made('KafkaJSNumberOfRetriesExceeded', inner, {
    retryCount: 3,
    retryTime: 1,
  });
  t.like(causeOf(wrapped), { type: 'MESSAGE_TOO_LARGE', name: 'KafkaJSProtocolError' });
  t.like(causeOf('text'), { message: 'text' });
});

const explained: readonly [unknown, RegExp, RegExp][] = [
  [protocol('TOPIC_AUTHORIZATION_FAILED'), /refuses access to a topic/, /grant READ/],
  [
    made('KafkaJSGroupCoordinatorNotFound', 'no coordinator'),
    /consumer group/,
    /READ on the group/,
  ],
  [made('KafkaJSSASLAuthenticationError', 'bad'), /refuses the credentials/, /password/],
  [made('KafkaJSConnectionError', 'x', { code: 'ECONNREFUSED' }), /cannot be reached/, /host:port/],
  [
    made('KafkaJSConnectionError', 'x', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
    /not trusted/,
    /CA/,
  ],
  [
    made('KafkaJSConnectionClosedError', 'x', { host: 'h', port: 1 }),
    /closed the connection/,
    /TLS/,
  ],
];

for (const [error, message, hint] of explained) {
  test(`explained: ${message.source}`, (t) => {
    const failure = kafkaError('k:9092', error);
    t.is(failure.code, 'PL_KAFKA');
    t.regex(failure.message, /^Kafka k:9092 /);
    t.regex(failure.message, message);
    t.regex(failure.hint ?? '', hint);
    t.notRegex(failure.message, /\n/);
  });
}

test('what is unknown is passed on; what is explained already stays as it is', (t) => {
  t.is(kafkaError('k:1', new Error('odd')).message, 'Kafka k:1 failed: odd');
  const own = new PatchlineError('PL_STATE', 'mine');
  t.is(kafkaError('k:1', own), own);
});

test('remedies of a sender', (t) => {
  t.is(remedyFor(protocol('MESSAGE_TOO_LARGE')), 'split');
  t.is(remedyFor(protocol('OUT_OF_ORDER_SEQUENCE_NUMBER')), 'renew');
  t.is(remedyFor(protocol('TOPIC_AUTHORIZATION_FAILED')), 'give up');
  t.is(remedyFor(protocol('UNKNOWN_TOPIC_OR_PARTITION')), 'again');
  t.is(remedyFor(protocol('NOT_ENOUGH_REPLICAS')), 'again');
  t.is(remedyFor(made('KafkaJSLockTimeout', 'waited')), 'again');
  t.is(remedyFor(made('KafkaJSConnectionError', 'x', { code: 'ECONNREFUSED' })), 'again');
  t.is(remedyFor(new TypeError('a bug')), 'give up');
});

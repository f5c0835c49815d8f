/** What kafkajs throws, as errors that say what is wrong and what to do. */
import { PatchlineError } from '../../errors.js';

/** The fields by which kafkajs tells its errors apart, of the innermost cause that has one. */
export interface KafkaCause {
  readonly name: string;
  /** The broker's answer, such as `TOPIC_AUTHORIZATION_FAILED`. */
  readonly type?: string;
  /** The operating system's or TLS's reason, such as `ECONNREFUSED`. */
  readonly code?: string;
  readonly message: string;
}

/**
 * The reason behind an error of kafkajs: retries and crashes wrap the error that counts, and some
 * wrappers drop its type, so every field is taken from the innermost error that has it.
 */
export function causeOf(error: unknown): KafkaCause {
  let cause: KafkaCause = { name: 'Error', message: String(error) };
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { name, message } = inner;
    const type = textField(inner, 'type');
    const code = textField(inner, 'code');
    cause = { ...cause, name, message, ...(type && { type }), ...(code && { code }) };
  }
  return cause;
}

function textField(error: object, field: string): string | undefined {
  const value = (error as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : undefined;
}

interface Explanation {
  readonly matches: RegExp;
  /** Continues "Kafka 127.0.0.1:9092 (…) ". */
  readonly what: string;
  readonly hint: string;
}

/** Tried in order against the cause's type, code, name and message. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    matches: /TOPIC_AUTHORIZATION_FAILED/,
    what: 'refuses access to a topic',
    hint: 'grant READ and DESCRIBE on the frames topic, WRITE and DESCRIBE on the others',
  },
  {
    matches: /GROUP_AUTHORIZATION_FAILED|KafkaJSGroupCoordinatorNotFound/,
    what: 'refuses the consumer group, or has no coordinator for it',
    hint: 'grant READ on the group',
  },
  {
    matches: /CLUSTER_AUTHORIZATION_FAILED|TRANSACTIONAL_ID_AUTHORIZATION_FAILED/,
    what: 'refuses to let this user produce',
    hint: 'grant WRITE on the topics of results, maps and dead letters',
  },
  {
    matches: /SASLAuthentication|SASL_AUTHENTICATION_FAILED|UNSUPPORTED_SASL|ILLEGAL_SASL/,
    what: 'refuses the credentials',
    hint: 'check user, password and SASL mechanism (plain, scram-sha-256, scram-sha-512)',
  },
  {
    matches: /UNABLE_TO|SELF_SIGNED|CERT_|ERR_TLS|DEPTH_ZERO/,
    what: 'has a certificate that is not trusted',
    hint: 'give the CA that signed it, and check that it names this host',
  },
  {
    matches: /EPROTO|ERR_SSL|before secure TLS connection/,
    what: 'does not speak TLS on this port',
    hint: 'use the port of the TLS listener, or connect without TLS',
  },
  {
    matches: /KafkaJSConnectionClosedError/,
    what: 'closed the connection',
    hint: 'a TLS listener does that to a client without TLS: check the port and the TLS options',
  },
  {
    matches: /ECONN|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT|KafkaJSConnectionError|RequestTimeout/,
    what: 'cannot be reached',
    hint: 'check the brokers (host:port) and that the network lets you through',
  },
  {
    matches: /UNKNOWN_TOPIC_OR_PARTITION/,
    what: 'does not have the topic',
    hint: 'create it, or correct its name',
  },
];

/** @param where the cluster as the user knows it, without secrets */
export function kafkaError(where: string, error: unknown): PatchlineError {
  if (error instanceof PatchlineError) return error;
  const { name, type, code, message } = causeOf(error);
  const text = [type, code, name, message].join(' ');
  const known = EXPLANATIONS.find(({ matches }) => matches.test(text));
  const what = known?.what ?? 'failed';
  return new PatchlineError('PL_KAFKA', `Kafka ${where} ${what}: ${message}`, {
    ...(known && { hint: known.hint }),
    cause: error,
  });
}

/** What a sender does with a failed attempt. */
export type Remedy = 'again' | 'split' | 'renew' | 'give up';

/**
 * `again`: the broker may take the same request later. `split`: it is too large. `renew`: broker
 * and producer disagree about what was sent; a new producer starts clean. `give up`: it will never
 * be taken.
 */
export function remedyFor(error: unknown): Remedy {
  if (error instanceof PatchlineError) return 'give up';
  const { name, type = '' } = causeOf(error);
  if (TOO_LARGE.has(type)) return 'split';
  if (OUT_OF_STEP.has(type)) return 'renew';
  if (/AUTHORIZATION|SASL|INVALID_TOPIC|UNSUPPORTED|INVALID_RECORD/.test(type)) return 'give up';
  if (/SASL|NotImplemented|TypeError|RangeError/.test(name)) return 'give up';
  return 'again';
}

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

const OUT_OF_STEP = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
]);

/** The options of `patchline run` that concern Kafka, and what is made of them. */
import { choice, duration, listOf, numberWithin, onOff, text } from '../config/kind.js';
import { type Config, optional, type Rule, withDefault } from '../config/option.js';
import {
  type ConnectionOptions,
  type KafkaOptions,
  SASL_MECHANISMS,
  START_AT,
  type TlsOptions,
} from '../stream/kafka/options.js';

const TOPICS = 'Kafka topics';
const CONNECTION = 'Kafka connection';
const GROUP = 'Kafka consumer';

/** How a cluster is reached, by whoever does. */
export const connectionOptions = {
  clientId: withDefault(text('NAME'), 'patchline', {
    help: 'The name under which the brokers log and limit this worker.',
    group: CONNECTION,
  }),
  tls: withDefault(onOff, false, {
    help: 'Encrypts the connection and checks the certificates of the brokers.',
    group: CONNECTION,
  }),
  tlsCa: optional(text('FILE'), {
    help: 'The authority that signed the certificates of the brokers (PEM); implies --tls.',
    defaultText: 'those of Node',
    group: CONNECTION,
  }),
  tlsCertificate: optional(text('FILE'), {
    help: 'Shown to brokers that ask for a certificate (PEM); implies --tls.',
    group: CONNECTION,
  }),
  tlsKey: optional(text('FILE'), {
    help: 'The key of --tls-certificate (PEM).',
    group: CONNECTION,
  }),
  saslMechanism: optional(choice(SASL_MECHANISMS), {
    help: 'How user and password are shown to the brokers. plain without TLS shows them to the network.',
    defaultText: 'plain where there is a user',
    group: CONNECTION,
  }),
  saslUsername: optional(text('NAME'), { help: 'The user.', group: CONNECTION }),
  saslPassword: optional(text('PASSWORD'), {
    help: 'Better given as PATCHLINE_SASL_PASSWORD or in a file: others can see command lines.',
    secret: true,
    group: CONNECTION,
  }),
};

export const kafkaOptions = {
  brokers: optional(listOf(text('HOST:PORT'), 'HOST:PORT,…'), {
    help: 'Takes frames from Kafka: some brokers of the cluster, which name the others.',
    group: 'Frames in',
  }),
  framesTopic: optional(text('TOPIC'), {
    help: 'One image a record, keyed by camera.',
    group: TOPICS,
  }),
  resultsTopic: optional(text('TOPIC'), {
    help: 'One JSON record a frame, keyed by camera.',
    group: TOPICS,
  }),
  mapsTopic: optional(text('TOPIC'), {
    help: 'The score grid of each frame as 16-bit PNG.',
    defaultText: 'no maps',
    group: TOPICS,
  }),
  deadLetterTopic: optional(text('TOPIC'), {
    help: 'Frames that cannot be judged, as they came. Without it only their result tells of them.',
    defaultText: 'no dead letters',
    group: TOPICS,
  }),
  topicPrefix: optional(text('PREFIX'), {
    help: 'Goes before the name of each topic.',
    defaultText: 'none',
    group: TOPICS,
  }),
  ...connectionOptions,
  group: withDefault(text('NAME'), 'patchline', {
    help: 'Workers of one group share the partitions of the frames topic.',
    group: GROUP,
  }),
  startAt: withDefault(choice(START_AT), 'earliest', {
    help: 'Where a new group begins: with the oldest frame there is, or with those to come.',
    group: GROUP,
  }),
  maxAge: optional(duration, {
    help: 'Skips and counts older frames, to stay with what happens now.',
    defaultText: 'every frame is judged',
    group: GROUP,
  }),
  sessionTimeout: withDefault(duration, 10_000, {
    help: 'A worker that is silent for longer loses its partitions. Lower finds dead workers sooner, higher forgives busy machines.',
    defaultText: '10s',
    group: GROUP,
  }),
  stallTimeout: withDefault(duration, 60_000, {
    help: 'With frames in work and none done for longer, the engine hangs: the worker ends. Must be longer than the slowest frame takes.',
    defaultText: '60s',
    group: GROUP,
  }),
  fetchMegabytes: withDefault(numberWithin(0), 10, {
    help: 'Most megabytes fetched at once, in memory besides --max-megabytes.',
    group: GROUP,
  }),
};

export type KafkaConfig = Config<typeof kafkaOptions>;
type ConnectionConfig = Config<typeof connectionOptions>;

export const connectionRules: readonly Rule<typeof connectionOptions>[] = [
  {
    options: ['saslUsername', 'saslPassword'],
    holds: ({ saslUsername, saslPassword, saslMechanism }) =>
      (saslUsername === undefined) === (saslPassword === undefined) &&
      (saslMechanism === undefined || saslUsername !== undefined),
    expected: 'give both, or neither and no --sasl-mechanism',
  },
  {
    options: ['tlsCertificate', 'tlsKey'],
    holds: ({ tlsCertificate, tlsKey }) =>
      (tlsCertificate === undefined) === (tlsKey === undefined),
    expected: 'give both or neither',
  },
];

export const kafkaRules: readonly Rule<typeof kafkaOptions>[] = [
  {
    options: ['brokers', 'framesTopic', 'resultsTopic'],
    holds: ({ brokers, framesTopic, resultsTopic }) =>
      (brokers === undefined) === (framesTopic === undefined) &&
      (brokers === undefined) === (resultsTopic === undefined),
    expected: 'give all of them or none',
  },
  {
    options: ['mapsTopic', 'deadLetterTopic', 'brokers'],
    holds: ({ brokers, mapsTopic, deadLetterTopic }) =>
      brokers !== undefined || (mapsTopic === undefined && deadLetterTopic === undefined),
    expected: 'topics need brokers',
  },
  ...connectionRules,
];

/** Undefined where the frames come from elsewhere. */
export function kafkaOf(config: KafkaConfig): KafkaOptions | undefined {
  const { brokers, framesTopic, resultsTopic, mapsTopic, deadLetterTopic } = config;
  if (brokers === undefined || framesTopic === undefined || resultsTopic === undefined) return;
  const bytes = Math.round(config.fetchMegabytes * 2 ** 20);
  return {
    connection: connectionOf(config, brokers),
    topics: {
      frames: framesTopic,
      results: resultsTopic,
      prefix: config.topicPrefix ?? '',
      ...(mapsTopic !== undefined && { maps: mapsTopic }),
      ...(deadLetterTopic !== undefined && { deadLetters: deadLetterTopic }),
    },
    group: {
      id: config.group,
      startAt: config.startAt,
      sessionTimeoutMs: config.sessionTimeout,
      stallMs: config.stallTimeout,
      fetchBytes: bytes,
      fetchBytesPerPartition: Math.min(bytes, 2 ** 20),
      ...(config.maxAge !== undefined && { maxAgeMs: config.maxAge }),
    },
  };
}

export function connectionOf(
  config: ConnectionConfig,
  brokers: readonly string[],
): ConnectionOptions {
  const { clientId, saslMechanism = 'plain', saslUsername, saslPassword } = config;
  return {
    brokers,
    clientId,
    tls: tlsOf(config),
    ...(saslUsername !== undefined &&
      saslPassword !== undefined && {
        sasl: { mechanism: saslMechanism, username: saslUsername, password: saslPassword },
      }),
  };
}

function tlsOf({ tls, tlsCa, tlsCertificate, tlsKey }: ConnectionConfig): TlsOptions | boolean {
  const files: TlsOptions = {
    ...(tlsCa !== undefined && { ca: tlsCa }),
    ...(tlsCertificate !== undefined && { certificate: tlsCertificate }),
    ...(tlsKey !== undefined && { key: tlsKey }),
  };
  return Object.keys(files).length > 0 ? files : tls;
}

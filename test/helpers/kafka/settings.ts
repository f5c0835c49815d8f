/** The server.properties of a single node that is broker and controller at once. */
import { readFileSync } from 'node:fs';

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** TLS, and all mechanisms for the same users. */
export interface SecureListener {
  /** Name → password. `admin` may do everything, the others what ACLs let them. */
  readonly users: Readonly<Record<string, string>>;
  /** PEM files: key in PKCS#8, certificate. */
  readonly key: string;
  readonly certificate: string;
}

export interface Ports {
  readonly plain: number;
  readonly controller: number;
  readonly secure: number;
}

export type Settings = Record<string, string | number | boolean>;

export function settingsFor(ports: Ports, logFolder: string, secure?: SecureListener): Settings {
  const plain = `PLAINTEXT://127.0.0.1:${ports.plain}`;
  const controller = `CONTROLLER://127.0.0.1:${ports.controller}`;
  const listeners = [plain, controller, ...(secure ? [`SECURE://127.0.0.1:${ports.secure}`] : [])];
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    // Voters that are written down keep the ports out of the metadata: no format step needs them.
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: listeners.join(','),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'log.dirs': logFolder,
    // One node: one replica of everything.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0, // default 3 s
    'group.min.session.timeout.ms': 1000, // default 6 s: lets tests lose a dead member sooner
    'auto.create.topics.enable': false,
    'message.max.bytes': 8 * 2 ** 20 + 2 ** 16, // a frame of 8 MiB with key, headers and batch
    'log.cleaner.enable': false, // its buffer alone is 128 MiB of heap
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 500,
    'broker.session.timeout.ms': 2000, // how long a restart after a kill waits for its own ghost
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 2,
    ...(secure && secureSettings(secure)),
  };
}

function secureSettings({ users, key, certificate }: SecureListener): Settings {
  const accounts = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const logins = MECHANISMS.map((mechanism) => [
    `listener.name.secure.${mechanism.toLowerCase()}.sasl.jaas.config`,
    mechanism === 'PLAIN'
      ? `org.apache.kafka.common.security.plain.PlainLoginModule required ${accounts.join(' ')};`
      : 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  ]);
  return {
    'sasl.enabled.mechanisms': MECHANISMS.join(','),
    ...Object.fromEntries(logins),
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.key': oneLine(key),
    'listener.name.secure.ssl.keystore.certificate.chain': oneLine(certificate),
    'listener.name.secure.ssl.truststore.type': 'PEM',
    'listener.name.secure.ssl.truststore.certificates': oneLine(certificate),
    'listener.name.secure.ssl.client.auth': 'requested',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:admin', // ANONYMOUS: whoever comes in plain text
  };
}

function oneLine(path: string): string {
  return readFileSync(path, 'utf8').trim().replaceAll('\n', '\\n');
}

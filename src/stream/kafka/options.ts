/** What the Kafka source and sink can be told. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import { PatchlineError } from '../../errors.js';

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Files in PEM format. */
export interface TlsOptions {
  /** Authorities that the brokers' certificates are checked against. Default: those of Node. */
  readonly ca?: string;
  /** Shown to brokers that ask for one; needs `key`. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface SaslOptions {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface ConnectionOptions {
  /** `host:port` of one or more brokers; the others of the cluster are found through them. */
  readonly brokers: readonly string[];
  /** The name under which brokers log and limit this worker. Default `patchline`. */
  readonly clientId?: string;
  /** Encrypts the connection; `true` for TLS with Node's authorities. Default: plain text. */
  readonly tls?: TlsOptions | boolean;
  readonly sasl?: SaslOptions;
}

export interface TopicOptions {
  readonly frames: string;
  readonly results: string;
  /** Default: maps are not published. */
  readonly maps?: string;
  /** Default: rejected frames only have a result. */
  readonly deadLetters?: string;
  /** Put before each topic's name, as multi-tenant clusters want it. */
  readonly prefix?: string;
}

/** Where a group begins that has no offsets yet. */
export const START_AT = ['earliest', 'latest'] as const;
type StartAt = (typeof START_AT)[number];

export interface GroupOptions {
  /** Workers of one group share the partitions. Default `patchline`. */
  readonly id?: string;
  /**
   * Where a group without offsets begins: at the oldest frame there is, or at those that come from
   * now on. Partitions that are added later are always read from their beginning. Default
   * `earliest`.
   */
  readonly startAt?: StartAt;
  /** Older frames are counted and skipped, milliseconds. Default: every frame is judged. */
  readonly maxAgeMs?: number;
  /**
   * A worker that is silent for longer loses its partitions to the others. Lower finds dead workers
   * sooner, higher forgives a busy machine. Milliseconds, default 10,000.
   */
  readonly sessionTimeoutMs?: number;
  /**
   * With frames in work and nothing settled for longer, the worker leaves the group and ends: its
   * engine hangs. Must be longer than the slowest frame. Milliseconds, default 60,000.
   */
  readonly stallMs?: number;
  /** Most bytes that are fetched at once; part of the memory budget. Default 10 MiB. */
  readonly fetchBytes?: number;
  /**
   * Most bytes of one partition in a fetch. More reads a backlog faster, less lets the cameras take
   * turns sooner. A frame that is larger comes alone. Default 1 MiB.
   */
  readonly fetchBytesPerPartition?: number;
}

export interface KafkaOptions {
  readonly connection: ConnectionOptions;
  readonly topics: TopicOptions;
  readonly group?: GroupOptions;
}

export type CompiledTopics = Pick<TopicOptions, 'frames' | 'results' | 'maps' | 'deadLetters'>;
export type CompiledGroup = Required<Omit<GroupOptions, 'maxAgeMs'>> &
  Pick<GroupOptions, 'maxAgeMs'>;

const MIB = 2 ** 20;

export function compileGroup(options: GroupOptions = {}): CompiledGroup {
  return {
    id: 'patchline',
    startAt: 'earliest',
    sessionTimeoutMs: 10_000,
    stallMs: 60_000,
    fetchBytes: 10 * MIB,
    fetchBytesPerPartition: MIB,
    ...options,
  };
}

/** The topics by their whole names. */
export function compileTopics({ prefix = '', ...topics }: TopicOptions): CompiledTopics {
  const named = Object.entries(topics).map(([role, name]) => [role, `${prefix}${name}`]);
  return Object.fromEntries(named) as unknown as CompiledTopics;
}

/** @throws PL_CONFIG (usage) if a broker is not `host:port` */
export function checkBrokers(brokers: readonly string[]): string[] {
  const wrong = brokers.filter((broker) => !/^[\w.-]+:\d{1,5}$/.test(broker));
  if (brokers.length > 0 && wrong.length === 0) return [...brokers];
  throw new PatchlineError(
    'PL_CONFIG',
    `Expected brokers as host:port, got ${wrong.length > 0 ? wrong.join(', ') : 'none'}`,
    { disposition: 'usage', hint: 'for example kafka-1:9092,kafka-2:9092' },
  );
}

/** @throws PL_CONFIG (usage) if a file cannot be read or is no PEM */
export function readTls(tls: TlsOptions | boolean = false): TlsConnectionOptions | false {
  if (typeof tls === 'boolean') return tls ? {} : false;
  const { ca, certificate, key } = tls;
  return {
    ...(ca !== undefined && { ca: [readPem(ca)] }),
    ...(certificate !== undefined && { cert: readPem(certificate) }),
    ...(key !== undefined && { key: readPem(key) }),
  };
}

function readPem(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw pemError(path, cause instanceof Error ? cause.message : String(cause));
  }
  if (!text.includes('-----BEGIN ')) throw pemError(path, 'it has no BEGIN line');
  return text;
}

function pemError(path: string, reason: string): PatchlineError {
  return new PatchlineError('PL_CONFIG', `${path} cannot be used for TLS: ${reason}`, {
    disposition: 'usage',
    hint: 'give a file in PEM format',
  });
}

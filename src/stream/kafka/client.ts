/** The connection to a cluster: kafkajs with Patchline's settings. Secrets stay inside. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import kafkajs, {
  type Admin,
  type Consumer,
  type ISocketFactoryArgs,
  type KafkaConfig,
  type LogEntry,
  type Producer,
} from 'kafkajs';
import type { PatchlineError } from '../../errors.js';
import { registerCodecs } from './codecs.js';
import { kafkaError } from './errors.js';
import { type KafkaLog, SILENT } from './events.js';
import {
  type CompiledGroup,
  type ConnectionOptions,
  checkBrokers,
  readTls,
  type SaslOptions,
} from './options.js';

/** A broker that restarts is back in seconds: asking often costs nothing and finds it at once. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2000 };

const KEEP_ALIVE_MS = 60_000;

/** How often settled offsets are committed and heartbeats are due, milliseconds. */
export const TICK_MS = 1000;

export class KafkaClient {
  /** The cluster in words: brokers, TLS, mechanism and user. */
  readonly where: string;
  readonly #config: KafkaConfig;
  readonly #sockets = new Set<Socket>();
  readonly #kafka: InstanceType<typeof kafkajs.Kafka>;

  /** @throws PL_CONFIG (usage) for brokers and TLS files that cannot be right */
  constructor(options: ConnectionOptions, log: KafkaLog = SILENT) {
    const { brokers, clientId = 'patchline', tls, sasl } = options;
    muteNegativeTimeouts();
    registerCodecs();
    this.where = describe(options);
    this.#config = {
      clientId,
      brokers: checkBrokers(brokers),
      ssl: readTls(tls),
      ...(sasl !== undefined && { sasl: compileSasl(sasl) }),
      connectionTimeout: 3000,
      authenticationTimeout: 5000,
      requestTimeout: 10_000,
      retry: { ...RETRY, retries: 15 },
      socketFactory: (to) => this.#connect(to),
      // What matters comes as an event and is logged in our words; this is for finding faults.
      logLevel: kafkajs.logLevel.WARN,
      logCreator: () => (entry) => log.debug('kafkajs', fieldsOf(entry)),
    };
    this.#kafka = new kafkajs.Kafka(this.#config);
  }

  /** @param mayRestart asked when the consumer broke and could start again */
  consumer(group: CompiledGroup, mayRestart: () => boolean): Consumer {
    return this.#kafka.consumer({
      groupId: group.id,
      sessionTimeout: group.sessionTimeoutMs,
      heartbeatInterval: Math.min(TICK_MS, group.sessionTimeoutMs / 3),
      rebalanceTimeout: 30_000,
      maxBytes: group.fetchBytes,
      maxBytesPerPartition: group.fetchBytesPerPartition,
      maxWaitTimeInMs: 250, // how long a stop waits for the last fetch
      allowAutoTopicCreation: false,
      retry: { ...RETRY, retries: 15, restartOnFailure: async () => mayRestart() },
    });
  }

  /**
   * Every record once and in order as long as its requests come one at a time (see lane.ts).
   *
   * @param retries few for a lane, which goes on trying by itself and tells of it
   */
  producer(retries = 1): Producer {
    return this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: { ...RETRY, retries },
    });
  }

  /** For questions whose answer, or its lack, is wanted soon: few retries. */
  admin(): Admin {
    return new kafkajs.Kafka({ ...this.#config, retry: { ...RETRY, retries: 2 } }).admin();
  }

  /**
   * Closes what kafkajs has left open. After a broker has restarted, a consumer goes on with a
   * connection to its coordinator that nobody closes any more; it would keep the process alive.
   */
  close(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('the worker has ended'));
  }

  error(error: unknown): PatchlineError {
    return kafkaError(this.where, error);
  }

  #connect({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? connectTls({ host, port, ...servername, ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

function describe({ brokers, tls, sasl }: ConnectionOptions): string {
  const details = [
    ...(tls === undefined || tls === false ? [] : ['TLS']),
    ...(sasl === undefined ? [] : [`SASL ${sasl.mechanism} as ${sasl.username}`]),
  ];
  return brokers.join(',') + (details.length > 0 ? ` (${details.join(', ')})` : '');
}

/** kafkajs's types tie each mechanism to its options, which are the same for these three. */
function compileSasl({
  mechanism,
  username,
  password,
}: SaslOptions): NonNullable<KafkaConfig['sasl']> {
  return { mechanism, username, password } as NonNullable<KafkaConfig['sasl']>;
}

function fieldsOf({ namespace, log }: LogEntry): Record<string, unknown> {
  const { message, error, groupId, topic, broker } = log;
  return { namespace, text: message, error: String(error ?? ''), groupId, topic, broker };
}

let muted = false;

/**
 * kafkajs 2.2.4 sets timers in the past (its issue 1751). From Node 24 on each of them, that is
 * almost every request, would print a warning.
 */
function muteNegativeTimeouts(): void {
  if (muted) return;
  muted = true;
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]) => {
    if (args[1] !== 'TimeoutNegativeWarning') emitWarning(...args);
  };
}

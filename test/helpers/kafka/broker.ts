/**
 * A real Apache Kafka on this machine: one KRaft node, its data in a temporary folder, on ports
 * that stay the same over restarts.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchJars, type Jars } from './jars.js';
import { type Ports, type SecureListener, type Settings, settingsFor } from './settings.js';

const READY_MS = 90_000;

export interface BrokerOptions {
  readonly secure?: SecureListener;
  /** On top of `settingsFor`. */
  readonly settings?: Settings;
  /** Of the plain listener. Default: any that is free. */
  readonly port?: number;
}

export class Broker {
  /** Plain text. */
  readonly bootstrap: string;
  /** TLS and SASL, where asked for. */
  readonly secureBootstrap: string;
  readonly #folder: string;
  readonly #jars: Jars;
  readonly #ports: Ports;
  #process: ChildProcess | undefined;
  readonly #kill = () => this.#process?.kill('SIGKILL');

  private constructor(folder: string, jars: Jars, ports: Ports) {
    this.#folder = folder;
    this.#jars = jars;
    this.#ports = ports;
    this.bootstrap = `127.0.0.1:${ports.plain}`;
    this.secureBootstrap = `127.0.0.1:${ports.secure}`;
    process.on('exit', this.#kill); // a test that fails must not leave a JVM behind
  }

  static async start({ secure, settings, port }: BrokerOptions = {}): Promise<Broker> {
    const jars = await fetchJars();
    const folder = mkdtempSync(join(tmpdir(), 'patchline-kafka-'));
    const [plain, controller, securePort] = await freePorts(3);
    const broker = new Broker(folder, jars, {
      plain: port ?? plain,
      controller,
      secure: securePort,
    });
    const all = { ...settingsFor(broker.#ports, join(folder, 'log'), secure), ...settings };
    const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(broker.#properties, lines.join(''));
    broker.#format(secure);
    await broker.up();
    return broker;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it again after `down`, with its data. */
  async up(): Promise<void> {
    const log = openSync(this.#log, 'a');
    const child = spawn('java', [...this.#java(), 'kafka.Kafka', this.#properties], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#process = child;
    for (const end = Date.now() + READY_MS; !(await answers(this.#ports.plain)); await sleep(50)) {
      if (child.exitCode === null && Date.now() < end) continue;
      child.kill('SIGKILL');
      throw new Error(`Kafka did not start:\n${readFileSync(this.#log, 'utf8').slice(-3000)}`);
    }
  }

  /** SIGTERM ends it cleanly, SIGKILL is a crash. */
  async down(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    this.#keepArchive();
  }

  /** Answers nothing, but keeps its connections, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.down(existsSync(this.#jars.archive) ? 'SIGKILL' : 'SIGTERM');
    process.off('exit', this.#kill);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  get #properties(): string {
    return join(this.#folder, 'server.properties');
  }

  get #log(): string {
    return join(this.#folder, 'broker.log');
  }

  /** Java 17 writes the archive when it ends; moved into place whole, since others may read it. */
  get #freshArchive(): string {
    return join(this.#folder, 'classes.jsa');
  }

  #keepArchive(): void {
    const { archive } = this.#jars;
    if (!existsSync(this.#freshArchive) || existsSync(archive)) return;
    writeFileSync(`${archive}.${process.pid}`, readFileSync(this.#freshArchive));
    renameSync(`${archive}.${process.pid}`, archive);
  }

  #java(): string[] {
    const { archive, classPath } = this.#jars;
    return [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:-UsePerfData',
      existsSync(archive)
        ? `-XX:SharedArchiveFile=${archive}`
        : `-XX:ArchiveClassesAtExit=${this.#freshArchive}`,
      '-Xlog:disable',
      '-Djdk.nio.maxCachedBufferSize=262144',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      classPath,
    ];
  }

  /** What Kafka's StorageTool would write, without its start; only SCRAM users need the tool. */
  #format(secure: SecureListener | undefined): void {
    const id = () => randomBytes(16).toString('base64url').replace(/^-/, 'a');
    if (secure === undefined) {
      const meta = `version=1\nnode.id=1\ncluster.id=${id()}\ndirectory.id=${id()}\n`;
      mkdirSync(join(this.#folder, 'log'));
      writeFileSync(join(this.#folder, 'log', 'meta.properties'), meta);
      return;
    }
    const users = Object.entries(secure.users).flatMap(([name, password]) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${password}]`,
      ]),
    );
    const command = ['format', '-t', id(), '-c', this.#properties, ...users];
    const tool = [...this.#java(), 'kafka.tools.StorageTool', ...command];
    const { status, stdout, stderr } = spawnSync('java', tool, { encoding: 'utf8' });
    rmSync(this.#freshArchive, { force: true }); // the tool's classes are not the broker's
    if (status !== 0) throw new Error(`StorageTool failed:\n${stdout}${stderr}`);
  }
}

/** Size, Metadata version 1, correlation id, no client id, no topics. A starting broker lists none. */
const METADATA_REQUEST = Buffer.from(
  '0000000e' + '00030001' + '00000007' + 'ffff' + '00000000',
  'hex',
);

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('connect', () => socket.write(METADATA_REQUEST));
    socket.on('data', (answer) => done(answer.length >= 12 && answer.readInt32BE(8) > 0));
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** `patchline run` as a process of its own, against a broker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import { until } from './lab.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

export interface RunExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the signal to the end, milliseconds. */
  readonly tookMs: number;
}

/** The options of the command for a site, without security. */
export function argumentsFor({ connection, topics, group }: KafkaOptions): string[] {
  return [
    ['--brokers', connection.brokers.join(',')],
    ['--frames-topic', topics.frames],
    ['--results-topic', topics.results],
    ...(topics.maps === undefined ? [] : [['--maps-topic', topics.maps]]),
    ...(topics.deadLetters === undefined ? [] : [['--dead-letter-topic', topics.deadLetters]]),
    ['--topic-prefix', topics.prefix ?? ''],
    ['--group', group?.id ?? 'patchline'],
    ...(group?.sessionTimeoutMs ? [['--session-timeout', `${group.sessionTimeoutMs}ms`]] : []),
  ].flat();
}

export class Run {
  readonly exit: Promise<RunExit>;
  readonly #child: ChildProcess;
  #stderr = '';
  #signalled = 0;

  /** @param args after `patchline run`; the HTTP address is one of its own */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { PATH = '' } = process.env;
    const all = [MAIN, 'run', '--http', '127.0.0.1:0', ...args];
    this.#child = spawn(process.execPath, all, {
      env: { PATH, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (text) => {
      this.#stderr += text;
    });
    this.exit = this.#ended();
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves once it is in its group. */
  async joined(): Promise<this> {
    await until('the worker to join', () => /joined the group/.test(this.#stderr) || this.ended);
    return this;
  }

  /** Where its metrics and probes are. */
  get url(): string {
    return /"page":"([^"]+)"/.exec(this.#stderr)![1];
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(new URL(path, this.url));
    return { status: response.status, text: await response.text() };
  }

  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP'): Promise<RunExit> {
    this.#signalled = performance.now();
    this.#child.kill(signal);
    return this.exit;
  }

  async #ended(): Promise<RunExit> {
    const [code, signal] = await once(this.#child, 'close');
    const tookMs = performance.now() - this.#signalled;
    return { code, signal, stderr: this.#stderr, tookMs };
  }
}

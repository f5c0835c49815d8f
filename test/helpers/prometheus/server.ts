/** A server of the Prometheus family as a process of its own, on loopback, with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

export interface ServerOptions {
  readonly program: string;
  /** Besides the address and the configuration. */
  readonly args: (folder: string) => readonly string[];
  readonly config: unknown;
}

export class Server {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #stderr = '';

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#child = child;
    child.stderr?.on('data', (text) => {
      this.#stderr += text;
    });
  }

  /** Resolves once it is ready. */
  static async start({ program, args, config }: ServerOptions): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'patchline-prometheus-'));
    const file = join(folder, 'config.yml');
    await writeFile(file, stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const all = [`--config.file=${file}`, `--web.listen-address=${address}`, ...args(folder)];
    const child = spawn(program, all, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const server = new Server(`http://${address}`, folder, child);
    await server.#ready();
    return server;
  }

  /** The JSON that an address answers with. */
  async ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'close');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (const end = Date.now() + 30_000; ; await sleep(50)) {
      const answer = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      if (answer?.ok) return;
      if (this.#child.exitCode !== null || Date.now() > end) {
        await this.close();
        throw new Error(`${this.#child.spawnfile} does not start: ${this.#stderr}`);
      }
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Takes the notifications of Alertmanager, as a pager would. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { deferred } from '../../../src/deferred.js';

export interface Notification {
  /** Path of the webhook: which receiver it is. */
  readonly path: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Payload {
  readonly alerts: readonly (Omit<Notification, 'path'> & { readonly status: string })[];
}

export class Receiver {
  readonly #server: Server;
  readonly #waiting = new Map<string, (notification: Notification) => void>();

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request).finally(() => response.end());
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The first one that says that this alert fires. */
  firing(alertname: string): Promise<Notification> {
    const { promise, resolve } = deferred<Notification>();
    this.#waiting.set(alertname, resolve);
    return promise;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage): Promise<void> {
    const { alerts } = (await json(request)) as Payload;
    for (const { status, labels, annotations } of alerts) {
      if (status !== 'firing') continue;
      this.#waiting.get(labels.alertname)?.({ path: request.url ?? '', labels, annotations });
    }
  }
}

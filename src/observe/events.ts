import type { ServerResponse } from 'node:http';
import type { Health } from './health.js';
import type { LiveView } from './live.js';

export interface EventStreamOptions {
  readonly live: LiveView;
  readonly health: () => Health;
  /** Most pages at a time. */
  readonly maxClients: number;
  readonly heartbeatMs: number;
}

/** A page that has this much unread is dropped; it comes back by itself and gets a snapshot. */
const MAX_UNREAD_BYTES = 4 * 2 ** 20;
const HEALTH_MS = 500;

/**
 * The live page's server-sent events: `snapshot` first, then `update` (see `LiveUpdate`), `health`
 * when it changes, and a heartbeat: a comment, and an event `beat` by which a page notices that
 * the connection is dead although nobody closed it.
 */
export class EventStreams {
  readonly #options: EventStreamOptions;
  readonly #clients = new Set<ServerResponse>();
  readonly #timers: NodeJS.Timeout[];
  /** Set while there are clients: without any, no update is put into JSON. */
  #unsubscribe: (() => void) | undefined;
  /** The `health` event that all clients have. */
  #toldHealth = '';

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#tellHealth(), HEALTH_MS).unref(),
      setInterval(() => this.#beat(), options.heartbeatMs).unref(),
    ];
  }

  /** Takes a response over until either side ends it; false (untouched) where there are too many. */
  open(response: ServerResponse): boolean {
    if (this.#clients.size >= this.#options.maxClients) return false;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no', // nginx would collect them
    });
    response.write('retry: 2000\n\n');
    response.write(event('snapshot', this.#options.live.snapshot()));
    this.#tellHealth();
    response.write(this.#toldHealth);
    this.#add(response);
    return true;
  }

  close(): void {
    this.#unsubscribe?.();
    for (const timer of this.#timers) clearInterval(timer);
    for (const client of this.#clients) client.end();
  }

  #add(response: ServerResponse): void {
    const { live } = this.#options;
    this.#clients.add(response);
    this.#unsubscribe ??= live.subscribe((update) => this.#send(event('update', update)));
    response.on('error', () => response.destroy());
    response.once('close', () => this.#remove(response));
  }

  #remove(response: ServerResponse): void {
    this.#clients.delete(response);
    if (this.#clients.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #tellHealth(): void {
    const told = event('health', this.#options.health());
    if (told === this.#toldHealth) return;
    this.#toldHealth = told;
    this.#send(told);
  }

  #beat(): void {
    this.#send(`: heartbeat\n${event('beat', Date.now())}`);
  }

  #send(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(text);
    }
  }
}

/** JSON has no raw line breaks, so the data is one line whatever is in it. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

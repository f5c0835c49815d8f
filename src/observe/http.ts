import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { PatchlineError, systemCode } from '../errors.js';
import { Gate, isLoopback } from './access.js';
import { type Asset, loadPage } from './assets.js';
import { EventStreams } from './events.js';
import { CONTENT_TYPES, exposition, preferredFormat } from './exposition.js';
import type { Health } from './health.js';
import type { LiveView } from './live.js';
import type { Logger } from './log.js';

export interface HttpOptions {
  /** Address to bind. `127.0.0.1` is reached from this machine only, `0.0.0.0` from everywhere. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly registry: Registry;
  readonly live: LiveView;
  readonly health: () => Health;
  /**
   * Asked of everything but `/metrics`, `/livez` and `/readyz` where `host` is reached from
   * elsewhere. Without one nobody gets in there.
   */
  readonly token?: string;
  /** How often an idle event stream is shown to be alive. Default 5000. */
  readonly heartbeatMs?: number;
  /** Most live pages at a time; further ones get 503. Default 32. */
  readonly maxClients?: number;
  /** Told of requests that failed through our own fault. */
  readonly logger?: Logger;
}

export interface HttpServer {
  /** Where a person on this machine opens the page, without the token. */
  readonly url: string;
  readonly port: number;
  /** Ends the event streams and all connections. Idempotent. */
  close(): Promise<void>;
}

const CLOSED =
  'the live page is closed: open it as localhost on its own machine, or start Patchline with --token';

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/**
 * Serves metrics, health and the live page. All of it only reads. Throws PL_PORT_IN_USE or PL_USAGE
 * (both `usage`) if the address cannot be bound.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const streams = new EventStreams({
    live: options.live,
    health: options.health,
    maxClients: options.maxClients ?? 32,
    heartbeatMs: options.heartbeatMs ?? 5000,
  });
  const site = new Site(options, streams);
  const server = createServer((request, response) => void site.answer(request, response));
  server.headersTimeout = 10_000; // a client that sends its headers drop by drop holds a socket
  server.maxConnections = 512;
  try {
    await listen(server, options);
  } catch (error) {
    streams.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${personal(options.host)}:${port}/`,
    port,
    close: () => {
      closed ??= close(server, streams);
      return closed;
    },
  };
}

/** Routes requests. One answer a request, whatever is asked. */
class Site {
  readonly #options: HttpOptions;
  readonly #streams: EventStreams;
  readonly #page: ReadonlyMap<string, Asset> = loadPage();
  readonly #gate: Gate;

  constructor(options: HttpOptions, streams: EventStreams) {
    this.#options = options;
    this.#streams = streams;
    this.#gate = new Gate({ local: isLoopback(options.host), token: options.token });
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      const path = request.url?.split('?', 1)[0]; // the query may hold the token
      this.#options.logger?.error('HTTP request failed', { path, error });
      if (response.headersSent) response.destroy();
      else problem(response, 500, 'internal error');
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return problem(response, 405, 'only GET and HEAD are answered here');
    }
    const [path, query = ''] = (request.url ?? '/').split('?', 2);
    if (path === '/metrics') return this.#metrics(request, response);
    if (path === '/livez') return probe(response, 'live', this.#options.health());
    if (path === '/readyz') return probe(response, 'ready', this.#options.health());
    const access = this.#gate.check(request, new URLSearchParams(query));
    if (access === 'denied') return denied(response, this.#options.token !== undefined);
    if (access === 'introduced') response.setHeader('set-cookie', this.#gate.cookie);
    if (access === 'introduced' && path === '/') return redirect(response); // hides the token
    this.#show(path, request, response);
  }

  #show(path: string, request: IncomingMessage, response: ServerResponse): void {
    const { live } = this.#options;
    const asset = this.#page.get(path);
    const camera = idIn(path, '/cameras/');
    const frame = idIn(path, '/frames/');
    if (asset !== undefined) send(response, 200, asset.type, asset.body);
    else if (path === '/events') this.#events(request, response);
    else if (camera !== undefined) picture(response, live.picture(camera));
    else if (frame !== undefined) picture(response, live.overlay(frame));
    else problem(response, 404, 'there is nothing here; the live page is at /');
  }

  async #metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const format = preferredFormat(request.headers.accept);
    send(response, 200, CONTENT_TYPES[format], await exposition(this.#options.registry, format));
  }

  #events(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD') {
      send(response, 200, 'text/event-stream', '');
    } else if (!this.#streams.open(response)) {
      response.setHeader('retry-after', '5');
      problem(response, 503, 'too many live pages are open; close one and try again');
    }
  }
}

/** The id in `<folder><id>.jpg`: opaque, looked up in a map and never a path. */
function idIn(path: string, folder: string): string | undefined {
  if (!path.startsWith(folder) || !path.endsWith('.jpg')) return undefined;
  try {
    return decodeURIComponent(path.slice(folder.length, -'.jpg'.length));
  } catch {
    return undefined; // a % that escapes nothing
  }
}

function picture(response: ServerResponse, jpeg: Uint8Array | undefined): void {
  if (jpeg === undefined) problem(response, 404, 'this picture is not kept (any more)');
  else send(response, 200, 'image/jpeg', jpeg);
}

function probe(response: ServerResponse, what: 'live' | 'ready', health: Health): void {
  json(response, health[what] ? 200 : 503, health);
}

function redirect(response: ServerResponse): void {
  response.setHeader('location', './');
  send(response, 303, 'text/plain', '');
}

function denied(response: ServerResponse, hasToken: boolean): void {
  if (!hasToken) problem(response, 403, CLOSED);
  else {
    response.setHeader('www-authenticate', 'Bearer');
    problem(response, 401, 'a token is needed: open /?token=… or send Authorization: Bearer …');
  }
}

function problem(response: ServerResponse, status: number, error: string): void {
  json(response, status, { error });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(body)}\n`);
}

/** Node leaves the body out where the request was HEAD. */
function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function listen(server: Server, { host, port }: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => reject(bindError(error, `${host}:${port}`)));
    server.listen({ host, port }, resolve);
  });
}

function bindError(error: Error, address: string): PatchlineError {
  const details = { disposition: 'usage', cause: error } as const;
  if (systemCode(error) === 'EADDRINUSE') {
    return new PatchlineError('PL_PORT_IN_USE', `${address} is in use by another program`, {
      ...details,
      hint: 'stop that program, or choose another address with --http HOST:PORT (port 0 takes a free one)',
    });
  }
  return new PatchlineError('PL_USAGE', `cannot listen on ${address}: ${error.message}`, {
    ...details,
    hint: 'choose an address of this machine and a port above 1023 with --http HOST:PORT',
  });
}

async function close(server: Server, streams: EventStreams): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  streams.close();
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 250);
  await closed;
  clearTimeout(force);
}

/** The name to reach a bound address by from this machine. */
function personal(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

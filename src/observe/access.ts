import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const COOKIE = 'patchline';

/**
 * What a request may do: go on; go on and be given a cookie (it came with the right `?token=`); or
 * nothing.
 */
export type Access = 'granted' | 'introduced' | 'denied';

export interface GateOptions {
  /** Only this machine reaches the server. */
  readonly local: boolean;
  readonly token: string | undefined;
}

/**
 * Who may look: everybody on this machine, if only this machine reaches the server; else who has the
 * shared token, as `Authorization: Bearer`, as `?token=`, or by the cookie. Without a token, nobody.
 *
 * A browser on this machine may also be sent here by a foreign page whose name was made to lead to
 * 127.0.0.1 (DNS rebinding), and would let that page read everything. It then asks for the foreign
 * name, so that a request for another name than this machine's needs the token too.
 */
export class Gate {
  readonly #local: boolean;
  readonly #token: string | undefined;

  constructor({ local, token }: GateOptions) {
    this.#local = local;
    this.#token = token;
  }

  check(request: IncomingMessage, query: URLSearchParams): Access {
    if (this.#local && isLoopback(hostOf(request))) return 'granted';
    if (this.#token === undefined) return 'denied';
    const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (same(bearer, this.#token)) return 'granted';
    if (same(query.get('token'), this.#token)) return 'introduced';
    return same(cookieOf(request), this.#pass) ? 'granted' : 'denied';
  }

  /**
   * Scripts cannot read it and it does not hold the token itself. Lax, not Strict: a link in a chat
   * with `?token=` must survive the redirect that takes the token out of the address.
   */
  get cookie(): string {
    return `${COOKIE}=${this.#pass}; HttpOnly; SameSite=Lax; Path=/`;
  }

  get #pass(): string {
    return digest(`patchline cookie ${this.#token}`).toString('hex');
  }
}

/** Whether only this machine can reach a server bound to `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The host in the `Host` header, without port and brackets. */
function hostOf({ headers: { host = '' } }: IncomingMessage): string {
  return host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

function cookieOf(request: IncomingMessage): string | undefined {
  const cookies = (request.headers.cookie ?? '').split(/; */);
  return cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

/** Compares in constant time; digests have equal lengths. */
function same(given: string | null | undefined, expected: string): boolean {
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const COOKIE = 'patchline';

/**
 * What a request may do: go on; go on and be given a cookie (it came with the right `?token=`); or
 * nothing.
 */
export type Access = 'granted' | 'introduced' | 'denied';

/** Who may look, by a shared token: as `Authorization: Bearer`, as `?token=`, or by the cookie. */
export class Gate {
  readonly #token: string | undefined;

  /** Without a token the gate is open. */
  constructor(token: string | undefined) {
    this.#token = token;
  }

  check(request: IncomingMessage, query: URLSearchParams): Access {
    if (this.#token === undefined) return 'granted';
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

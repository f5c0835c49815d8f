import type { ViewRequest } from './encoder.js';

/** The graphs of an encoder, by what they compute; each is loaded when it is first needed. */
export class Sessions<Session extends { readonly bytes: number }> {
  readonly #sessions = new Map<string, Promise<Session>>();
  #bytes = 0;

  /** Of the graphs and their weights. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws what `load` throws; the next call tries again */
  get(key: string, load: () => Promise<Session>): Promise<Session> {
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const session = load();
    this.#sessions.set(key, session);
    session.then(
      ({ bytes }) => {
        this.#bytes += bytes;
      },
      () => this.#sessions.delete(key), // whoever waits for it learns why
    );
    return session;
  }

  /** Ends all. */
  dispose(end: (session: Session) => unknown): void {
    for (const session of this.#sessions.values()) session.then(end, () => {});
    this.#sessions.clear();
    this.#bytes = 0;
  }
}

/** What a graph calls its output for a view. */
export function outputOf({ name }: Pick<ViewRequest, 'name'>): string {
  return `${name}.values`;
}

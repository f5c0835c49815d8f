/** Ctrl-C and the supervisor's SIGTERM: the first asks to stop, the second stops at once. */
import { PatchlineError } from '../errors.js';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;

export class Interrupt {
  readonly #controller = new AbortController();
  #received: Signal | undefined;

  /** @param onFirst called when the first signal arrives */
  static listen(onFirst: () => void): Interrupt {
    const interrupt = new Interrupt();
    for (const name of Object.keys(EXIT_CODES) as Signal[]) {
      process.on(name, () => {
        if (interrupt.#received !== undefined) process.exit(EXIT_CODES[name]);
        interrupt.#received = name;
        onFirst();
        interrupt.#controller.abort(
          new PatchlineError('PL_ABORTED', 'stopped; nothing was written'),
        );
      });
    }
    return interrupt;
  }

  /** Its reason is a PatchlineError PL_ABORTED, to be thrown as it is or replaced by a better one. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 130 after SIGINT, 143 after SIGTERM: what a shell expects of a program that was stopped. */
  get exitCode(): number | undefined {
    return this.#received && EXIT_CODES[this.#received];
  }
}

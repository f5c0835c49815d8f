import type { Frame, Outcome } from '../frame/frame.js';
import type { OutcomeSink } from '../stream/ports.js';
import type { Standing } from '../watch/standing.js';
import type { Logger } from './log.js';

/** What is worth a line in normal operation: a rejected frame, and a camera that stands otherwise. */
export class EventLog implements OutcomeSink {
  readonly name = 'log';
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  publish({ id: frame, camera }: Frame, outcome: Outcome): Promise<void> {
    if (outcome.verdict === 'rejected') {
      const { code, message } = outcome;
      this.#log.warn('frame rejected', { frame, camera, code, reason: message });
    }
    if (outcome.standing !== undefined) this.#tell(frame, camera, outcome.standing);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #tell(frame: string, camera: string, { line, drift }: Standing): void {
    const { state, before, anomalous, of } = line;
    if (state === 'alarm' && before !== 'alarm') {
      this.#log.warn('line alarm', { camera, frame, anomalous, of });
    } else if (state !== 'alarm' && before === 'alarm') {
      this.#log.info('line alarm is over', { camera, frame });
    }
    if (drift?.changed !== true) return;
    const { warning, value, limit } = drift;
    if (warning) this.#log.warn('scores drift', { camera, drift: value, limit });
    else this.#log.info('scores drift no longer', { camera, drift: value, limit });
  }
}

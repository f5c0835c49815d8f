/**
 * From the verdicts of a camera's frames to the state of its line, so that one noisy frame stops
 * nobody's line. Pure.
 */
export const LINE_STATES = ['ok', 'warning', 'alarm'] as const;
export type LineState = (typeof LINE_STATES)[number];

/** Alarm when `anomalous` of the last `of` judged frames were anomalous. */
export interface AlarmRule {
  /** 1 … `of` */
  readonly anomalous: number;
  readonly of: number;
}

/** Seldom by chance at a false-alarm rate of 5 %: once in 116,000 good frames. */
export const DEFAULT_ALARM_RULE: AlarmRule = { anomalous: 5, of: 8 };

/**
 * The state after a judged frame, from the one before it and the number of anomalous frames among
 * the last `rule.of`.
 *
 * ok: none. warning: some, but too few. alarm: from `rule.anomalous` on, and until fewer than half
 * of that are left; so a count that goes to and fro at the limit is one alarm and not many.
 */
function nextLineState(before: LineState, anomalous: number, rule: AlarmRule): LineState {
  const enough = before === 'alarm' ? rule.anomalous / 2 : rule.anomalous;
  if (anomalous >= enough && anomalous > 0) return 'alarm';
  return anomalous === 0 ? 'ok' : 'warning';
}

/** Where the line stands after a frame. */
export interface LineStatus {
  readonly state: LineState;
  /** How many of the last `of` judged frames were anomalous. */
  readonly anomalous: number;
  readonly of: number;
  /** The state before the frame. */
  readonly before: LineState;
}

/** The line of one camera: its last verdicts and the state that they lead to. */
export class Line {
  readonly #rule: AlarmRule;
  /** 1 where anomalous; a ring of the last `rule.of` judged frames. */
  readonly #recent: Uint8Array;
  #judged = 0;
  /** Sum of `#recent`. */
  #anomalous = 0;
  #state: LineState = 'ok';

  constructor(rule: AlarmRule) {
    this.#rule = rule;
    this.#recent = new Uint8Array(rule.of);
  }

  /** Takes the verdict of the next frame in. One that could not be judged changes nothing. */
  follow(verdict: 'ok' | 'anomalous' | 'rejected'): LineStatus {
    const before = this.#state;
    if (verdict !== 'rejected') this.#push(verdict === 'anomalous' ? 1 : 0);
    const of = Math.min(this.#judged, this.#rule.of);
    const state = this.#state;
    return { state, anomalous: this.#anomalous, of, before };
  }

  #push(anomalous: 0 | 1): void {
    const place = this.#judged % this.#rule.of;
    this.#anomalous += anomalous - this.#recent[place];
    this.#recent[place] = anomalous;
    this.#judged++;
    this.#state = nextLineState(this.#state, this.#anomalous, this.#rule);
  }
}

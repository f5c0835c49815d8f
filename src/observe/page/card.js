/**
 * @import { LiveCamera, LivePoint } from '../live-camera.js'
 */
import { ScoreChart } from './chart.js';
import { cameraPicture, copyOf, count, duration, figure, setText } from './dom.js';

/** Without a new frame for this long, a verdict says nothing of the line any more. */
const STALE_MS = 5000;
/** How long the frame of a card stays alight after a defect. */
const ALIGHT_MS = 4000;

const WORDS = { ok: 'OK', anomalous: 'DEFECT', rejected: 'REJECTED', stale: 'STALE' };

/** A picture and its verdict are shown together, unless frames without one go on for this long. */
const PICTURE_MS = 2000;

/** One camera: its newest frame, verdict and scores. */
export class CameraCard {
  #parts;
  #chart;
  /** @type {LiveCamera} */
  #camera;
  /** @type {LivePoint[]} oldest first; at most `#maxPoints` */
  #points = [];
  #maxPoints;
  #lastDefect = 0;
  /** A picture is on its way; those that come meanwhile are skipped, so a slow link stays current. */
  #loading = false;
  /** The frame in view: the newest, or the newest that has a picture. */
  #face;
  /** The version of the picture in view. */
  #shown = 0;
  /** The time of the last tick. */
  #now = 0;

  /** @param {LiveCamera} camera @param {number} maxPoints */
  constructor(camera, maxPoints) {
    const { element, parts } = copyOf('card-template');
    this.element = element;
    this.#parts = parts;
    this.#chart = new ScoreChart(parts.chart);
    this.#camera = camera;
    this.#face = faceOf(camera);
    this.#maxPoints = maxPoints;
    parts.name.title = camera.id;
    setText(parts.name, camera.id);
  }

  get id() {
    return this.#camera.id;
  }

  /** @param {LiveCamera} camera what is new @param {number} now the server's clock, ms */
  update(camera, now) {
    this.#camera = camera;
    this.#points = [...this.#points, ...camera.points].slice(-this.#maxPoints);
    const defect = camera.points.findLast(([, , , verdict]) => verdict === 'anomalous');
    if (defect !== undefined) this.#lastDefect = defect[0];
    setText(this.#parts.anomalies, count(camera.anomalies));
    this.#showLine(camera);
    this.#showDrift(camera);
    void this.#load();
    this.#face = this.#nextFace();
    this.tick(now);
  }

  /** What changes with time alone. @param {number} now the server's clock, ms */
  tick(now) {
    this.#now = now;
    const { at, message } = this.#camera;
    const { verdict, score, threshold } = this.#face;
    const stale = now - at > STALE_MS;
    this.#showVerdict(stale ? 'stale' : verdict);
    this.element.toggleAttribute('data-alight', now - this.#lastDefect < ALIGHT_MS);
    setText(this.#parts.score, figure(score));
    setText(this.#parts.threshold, figure(threshold));
    setText(this.#parts.age, `${duration(now - at)} ago`);
    const last = `No frame for ${duration(now - at)}. The last one was ${WORDS[verdict]}.`;
    setText(this.#parts.note, stale ? last : message || (this.#shown === 0 ? 'no picture' : ''));
    this.#chart.show(this.#points, now);
  }

  /** @param {keyof typeof WORDS} verdict */
  #showVerdict(verdict) {
    if (this.element.dataset.verdict === verdict) return;
    this.element.dataset.verdict = verdict;
    this.#parts.icon.setAttribute('href', `#icon-${verdict}`);
    setText(this.#parts.word, WORDS[verdict]);
  }

  /** @param {LiveCamera} camera */
  #showLine({ line }) {
    const { line: note } = this.#parts;
    note.hidden = line === null || line.state === 'ok';
    if (line === null) return;
    note.dataset.state = line.state;
    const counted = `${line.anomalous} of ${line.of}`;
    setText(note, line.state === 'alarm' ? `LINE ALARM: ${counted}` : `${counted} anomalous`);
  }

  /** @param {LiveCamera} camera */
  #showDrift({ drift }) {
    const { drift: note } = this.#parts;
    note.hidden = drift === null;
    if (drift === null) return;
    const way = drift.value > 0 ? 'higher' : 'lower';
    setText(note, `scores drift ${drift.value > 0 ? '+' : '−'}${Math.abs(drift.value).toFixed(2)}`);
    note.title = `Good frames score ${way} than those of the calibration, more than chance allows (${drift.limit.toFixed(2)}). Check lens, light and material, then recalibrate.`;
  }

  #nextFace() {
    const { verdict, at, pictured } = this.#camera;
    if (verdict === 'rejected' || pictured === null) return faceOf(this.#camera);
    if (at - pictured.at > PICTURE_MS) return faceOf(this.#camera);
    return pictured.version === this.#shown ? pictured : this.#face;
  }

  /**
   * Loads the newest picture beside the one in view and puts it in its place when it is complete:
   * no flicker, and without a connection the last one stays.
   */
  async #load() {
    const { id, pictured } = this.#camera;
    if (this.#loading || pictured === null || pictured.version === this.#shown) return;
    this.#loading = true;
    const picture = new Image();
    picture.alt = `Newest frame of ${id} with its heat map`;
    picture.src = cameraPicture(id, pictured.version);
    const loaded = await picture.decode().then(
      () => true,
      () => false, // it has made room for others, or the connection is lost
    );
    this.#loading = false;
    this.#shown = pictured.version;
    if (loaded) this.#swap(picture, pictured.size);
    this.#face = this.#camera.verdict === 'rejected' ? faceOf(this.#camera) : pictured;
    this.tick(this.#now);
    void this.#load();
  }

  /** @param {HTMLImageElement} picture @param {{ width: number, height: number }} size */
  #swap(picture, { width, height }) {
    this.#parts.picture.replaceWith(picture);
    this.#parts.picture = picture;
    picture.parentElement?.style.setProperty('--aspect', `${width / height}`);
  }
}

/** @param {LiveCamera} camera */
function faceOf({ verdict, score, threshold }) {
  return { verdict, score, threshold };
}

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
  /** The version of the picture that loads; 0 while none does. A slow link skips the others. */
  #loading = 0;
  #shown = 0;

  /** @param {LiveCamera} camera @param {number} maxPoints */
  constructor(camera, maxPoints) {
    const { element, parts } = copyOf('card-template');
    this.element = element;
    this.#parts = parts;
    this.#chart = new ScoreChart(parts.chart);
    this.#camera = camera;
    this.#maxPoints = maxPoints;
    parts.name.title = camera.id;
    setText(parts.name, camera.id);
    parts.picture.alt = `Newest frame of ${camera.id} with its heat map`;
    parts.picture.addEventListener('load', () => this.#loaded(true));
    parts.picture.addEventListener('error', () => this.#loaded(false));
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
    const { score, threshold, anomalies, picture } = this.#parts;
    setText(score, figure(camera.score));
    setText(threshold, figure(camera.threshold));
    setText(anomalies, count(camera.anomalies));
    if (camera.size !== null) {
      picture.parentElement.style.setProperty('--aspect', camera.size.width / camera.size.height);
    }
    this.#load();
    this.tick(now);
  }

  /** What changes with time alone. @param {number} now the server's clock, ms */
  tick(now) {
    const { at, verdict, message, picture } = this.#camera;
    const stale = now - at > STALE_MS;
    const shown = stale ? 'stale' : verdict;
    if (this.element.dataset.verdict !== shown) {
      this.element.dataset.verdict = shown;
      this.#parts.icon.setAttribute('href', `#icon-${shown}`);
      setText(this.#parts.word, WORDS[shown]);
    }
    this.element.toggleAttribute('data-alight', now - this.#lastDefect < ALIGHT_MS);
    setText(this.#parts.age, `${duration(now - at)} ago`);
    const last = `No frame for ${duration(now - at)}. The last one was ${WORDS[verdict]}.`;
    setText(this.#parts.note, stale ? last : message || (picture === 0 ? 'no picture' : ''));
    this.#chart.show(this.#points, now);
  }

  #load() {
    const { id, picture } = this.#camera;
    if (this.#loading !== 0 || picture === this.#shown || picture === 0) return;
    this.#loading = picture;
    this.#parts.picture.src = cameraPicture(id, picture);
  }

  /** @param {boolean} good */
  #loaded(good) {
    this.#parts.picture.hidden = !good;
    this.#shown = this.#loading;
    this.#loading = 0;
    this.#load();
  }
}

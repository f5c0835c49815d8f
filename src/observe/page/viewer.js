/**
 * @import { LiveAnomaly } from '../live-anomalies.js'
 */
import {
  byId,
  clock,
  copyOf,
  count,
  figure,
  framePicture,
  partsOf,
  ratio,
  setText,
} from './dom.js';

/** The strip of the latest anomalies, newest first, and the dialog that shows one. */
export class AnomalyViewer {
  /** @type {{ anomaly: LiveAnomaly, item: HTMLElement }[]} newest first; at most `#max` */
  #entries = [];
  #max = 60;
  #strip = byId('strip');
  #dialog = /** @type {HTMLDialogElement} */ (byId('viewer'));
  #parts = partsOf(this.#dialog);
  /** The id of the anomaly in the dialog. */
  #open = '';

  constructor() {
    const { newer, older, close, picture } = this.#parts;
    newer.addEventListener('click', () => this.#step(-1));
    older.addEventListener('click', () => this.#step(1));
    close.addEventListener('click', () => this.#dialog.close());
    picture.addEventListener('error', () => this.#showGone(true));
    this.#dialog.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowLeft') this.#step(-1);
      if (event.key === 'ArrowRight') this.#step(1);
    });
    this.#dialog.addEventListener('click', (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // the backdrop
    });
    this.#dialog.addEventListener('close', () => this.#buttonOf(this.#open)?.focus());
    this.#strip.addEventListener('keydown', (event) => this.#move(event));
  }

  clear() {
    this.#entries = [];
    this.#strip.replaceChildren();
  }

  /** @param {readonly LiveAnomaly[]} anomalies oldest first @param {number} max */
  add(anomalies, max = this.#max) {
    this.#max = max;
    for (const anomaly of anomalies) {
      this.#drop(this.#entries.findIndex((entry) => entry.anomaly.id === anomaly.id));
      const item = this.#thumb(anomaly);
      this.#entries.unshift({ anomaly, item });
      this.#strip.prepend(item);
      if (this.#entries.length > max) this.#drop(max);
    }
    byId('latest-none').hidden = this.#entries.length > 0;
    if (this.#dialog.open) this.#showPlace();
  }

  /** @param {number} index −1 drops none */
  #drop(index) {
    for (const { item } of index < 0 ? [] : this.#entries.splice(index, 1)) item.remove();
  }

  /** @param {LiveAnomaly} anomaly */
  #thumb(anomaly) {
    const { element, parts } = copyOf('thumb-template');
    const { camera, at, score, threshold, id } = anomaly;
    const button = /** @type {HTMLButtonElement} */ (element.firstElementChild);
    button.setAttribute('aria-label', `Defect on ${camera} at ${clock(at)}, open`);
    button.addEventListener('click', () => this.#show(anomaly));
    parts.picture.hidden = !anomaly.picture;
    if (anomaly.picture) parts.picture.src = framePicture(id);
    setText(parts.camera, camera);
    setText(parts.time, clock(at));
    setText(parts.ratio, ratio(score, threshold));
    return element;
  }

  /** @param {LiveAnomaly} anomaly */
  #show(anomaly) {
    const parts = this.#parts;
    this.#open = anomaly.id;
    setText(parts.camera, anomaly.camera);
    const times = ratio(anomaly.score, anomaly.threshold);
    setText(parts.ratio, times === '' ? 'above the threshold' : `${times} the threshold`);
    setText(parts.score, figure(anomaly.score));
    setText(parts.threshold, figure(anomaly.threshold));
    setText(parts.taken, moment(anomaly.capturedAt));
    setText(parts.judged, moment(anomaly.at));
    setText(parts.model, anomaly.model);
    setText(parts.frame, `${anomaly.id} (${anomaly.size.width} × ${anomaly.size.height})`);
    this.#showRegions(anomaly);
    this.#showGone(!anomaly.picture);
    parts.picture.alt = `Frame of ${anomaly.camera} with its heat map`;
    if (anomaly.picture) parts.picture.src = framePicture(anomaly.id);
    this.#showPlace();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** @param {LiveAnomaly} anomaly */
  #showRegions({ regions, regionCount }) {
    const shown = regions.length < regionCount ? `, the strongest ${regions.length}` : '';
    const title = `${count(regionCount)} ${regionCount === 1 ? 'region' : 'regions'}${shown}`;
    setText(this.#parts['regions-title'], title);
    this.#parts.regions.replaceChildren(
      ...regions.map(({ x, y, width, height, areaPx, peak }) =>
        row(`${x}, ${y}`, `${width} × ${height}`, `${count(areaPx)} px`, figure(peak)),
      ),
    );
  }

  /** @param {boolean} gone */
  #showGone(gone) {
    this.#parts.picture.hidden = gone;
    this.#parts.gone.hidden = !gone;
  }

  #showPlace() {
    const place = this.#place();
    // Not `disabled`: a button that is disabled under the focus swallows the arrow keys.
    this.#parts.newer.setAttribute('aria-disabled', place <= 0);
    this.#parts.older.setAttribute('aria-disabled', place >= this.#entries.length - 1);
    setText(this.#parts.place, place < 0 ? '' : `${place + 1} of ${this.#entries.length}`);
  }

  /** −1 if the open anomaly is no longer among the latest. */
  #place() {
    return this.#entries.findIndex(({ anomaly }) => anomaly.id === this.#open);
  }

  /** @param {number} by */
  #step(by) {
    const place = this.#place();
    const next = this.#entries[place < 0 ? this.#entries.length - 1 : place + by];
    if (next !== undefined) this.#show(next.anomaly);
  }

  /** Arrow keys go along the strip. @param {KeyboardEvent} event */
  #move(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const here = this.#entries.findIndex(({ item }) => item.contains(document.activeElement));
    if (by === undefined || here < 0) return;
    event.preventDefault();
    this.#buttonOf(this.#entries[here + by]?.anomaly.id)?.focus();
  }

  /** @param {string | undefined} id */
  #buttonOf(id) {
    const entry = this.#entries.find(({ anomaly }) => anomaly.id === id);
    return /** @type {HTMLButtonElement | undefined} */ (entry?.item.firstElementChild);
  }
}

/** @param {string[]} cells */
function row(...cells) {
  const tr = document.createElement('tr');
  for (const cell of cells) tr.insertCell().textContent = cell;
  return tr;
}

/** @param {number} at ms since the epoch */
function moment(at) {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

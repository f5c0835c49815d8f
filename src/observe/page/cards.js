/**
 * @import { LiveCamera } from '../live-camera.js'
 */
import { CameraCard } from './card.js';

/** Sizes in rem at which a card changes its face: as in live.css. */
const SMALL = 15;
const WIDE = 6 / 5; // width / height
/** Where all cards share one view: as in live.css. Elsewhere the page scrolls. */
const ONE_VIEW = '(min-width: 60rem) and (min-height: 34rem)';
/** The width of a column where the page scrolls, rem. */
const READABLE = 22;
/** The narrowest and lowest small card that is still read, rem. */
const MIN_WIDTH = 7;
const MIN_HEIGHT = 7;

/** All cameras, in the order of their names, so that each keeps its place. */
export class CardWall {
  /** @type {Map<string, CameraCard>} */
  #cards = new Map();
  #list;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
    new ResizeObserver(() => this.#arrange()).observe(list);
  }

  get size() {
    return this.#cards.size;
  }

  clear() {
    this.#cards.clear();
    this.#list.replaceChildren();
  }

  /** @param {readonly LiveCamera[]} cameras @param {number} now @param {number} maxPoints */
  update(cameras, now, maxPoints) {
    for (const camera of cameras) {
      const card = this.#cards.get(camera.id) ?? this.#add(camera, maxPoints);
      card.update(camera, now);
    }
  }

  /** @param {readonly string[]} ids */
  forget(ids) {
    for (const id of ids) {
      this.#cards.get(id)?.element.remove();
      this.#cards.delete(id);
    }
    this.#arrange();
  }

  /** @param {number} now */
  tick(now) {
    for (const card of this.#cards.values()) card.tick(now);
  }

  /** @param {LiveCamera} camera @param {number} maxPoints */
  #add(camera, maxPoints) {
    const card = new CameraCard(camera, maxPoints);
    const next = [...this.#cards.values()]
      .filter((other) => inOrder(camera.id, other.id) < 0)
      .sort((a, b) => inOrder(a.id, b.id))[0];
    this.#list.insertBefore(card.element, next?.element ?? null);
    this.#cards.set(camera.id, card);
    this.#arrange();
    return card;
  }

  /** As many columns as make the pictures largest, with full cards before small ones. */
  #arrange() {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    if (!matchMedia(ONE_VIEW).matches) {
      const columns = Math.max(1, Math.floor(this.#list.clientWidth / (READABLE * rem)));
      this.#list.style.setProperty('--columns', `${columns}`);
      return;
    }
    const [width, height] = [this.#list.clientWidth / rem, this.#list.clientHeight / rem];
    const cards = this.#cards.size;
    let [columns, best] = [0, 0];
    for (let n = 1; n <= cards && width / n >= MIN_WIDTH; n++) {
      const rows = Math.ceil(cards / n);
      const worth = worthOf(width / n, height / rows);
      if (worth > best) [columns, best] = [n, worth];
    }
    const scrolls = columns === 0;
    if (scrolls) columns = Math.max(1, Math.floor(width / SMALL));
    this.#list.style.setProperty('--columns', `${columns}`);
    this.#list.style.setProperty('--row', scrolls ? `${SMALL}rem` : '0');
  }
}

/**
 * The side of a square picture in a card of this size (rem), more for a full card, 0 for one that
 * is too low.
 * @param {number} width @param {number} height
 */
function worthOf(width, height) {
  if (height < MIN_HEIGHT) return 0;
  if (width < SMALL || height < SMALL) return Math.min(width, height - 4);
  const side =
    width / height > WIDE ? Math.min(width * 0.57, height * 0.75) : Math.min(width, height - 9);
  return 1000 + side;
}

/** Camera 2 before camera 10. @param {string} a @param {string} b */
function inOrder(a, b) {
  return a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1);
}

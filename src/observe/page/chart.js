/**
 * @import { LivePoint } from '../live-camera.js'
 */
import { duration, figure } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Without points for this long, the line breaks: nothing is known of that time. */
const GAP_MS = 5000;
/** The oldest time shown. */
const SPAN_MS = 10 * 60_000;

/** Score against threshold over time, as SVG in the size of its box. */
export class ScoreChart {
  #svg;
  /** Of the box without its padding, pixels: measured when it changes, not at each of many draws. */
  #size = { width: 0, height: 0 };
  /** @type {Record<string, SVGElement>} */
  #shapes = {};
  /** @type {readonly LivePoint[]} */
  #points = [];
  #now = 0;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#svg = document.createElementNS(SVG, 'svg');
    this.#svg.setAttribute('role', 'img');
    for (const name of ['above', 'threshold', 'score', 'rejected', 'anomalous']) {
      this.#shapes[name] = this.#add('path', `chart-${name}`);
    }
    this.#shapes.limit = this.#add('text', 'chart-threshold-label');
    this.#shapes.start = this.#add('text', 'chart-start');
    box.append(this.#svg);
    new ResizeObserver(([entry]) => {
      this.#size = entry.contentRect;
      this.#draw();
    }).observe(box);
  }

  /** @param {readonly LivePoint[]} points oldest first @param {number} now the server's clock, ms */
  show(points, now) {
    this.#points = points;
    this.#now = now;
    this.#draw();
  }

  /** @param {string} tag @param {string} className */
  #add(tag, className) {
    const shape = document.createElementNS(SVG, tag);
    shape.setAttribute('class', className);
    this.#svg.append(shape);
    return shape;
  }

  #draw() {
    const { width, height } = this.#size;
    const points = this.#points.filter(([at]) => at >= this.#now - SPAN_MS);
    if (width < 20 || height < 20 || points.length === 0) return;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const scale = scaleOf(points, this.#now, width, height - rem, 0.3 * rem);
    this.#drawThreshold(points, scale, rem);
    this.#drawScores(points, scale, rem);
    this.#drawLabels(points, height, rem);
  }

  /** @param {readonly LivePoint[]} points @param {Scale} scale @param {number} rem */
  #drawThreshold(points, scale, rem) {
    const { width, height } = this.#size;
    const known = points.filter(([, , threshold]) => threshold !== null);
    const changes = known.filter(([, , threshold], i) => threshold !== known[i - 1]?.[2]);
    const steps = changes.map(([at, , threshold], i) => {
      const [x, y] = [scale.x(at), scale.y(/** @type {number} */ (threshold))];
      return i === 0 ? `M${x},${y}` : `H${x}V${y}`;
    });
    const path = steps.length === 0 ? '' : `${steps.join('')}H${width}`;
    this.#set('threshold', 'd', path);
    const start = known.length === 0 ? 0 : scale.x(known[0][0]);
    this.#set('above', 'd', path === '' ? '' : `${path}V0H${start}Z`);
    const newest = known.at(-1)?.[2] ?? null;
    const room = newest !== null && height > 5 * rem;
    this.#shapes.limit.textContent = room ? `threshold ${figure(newest)}` : '';
    const y = newest === null ? 0 : scale.y(newest);
    this.#set('limit', 'x', `${rem * 0.3}`);
    this.#set('limit', 'y', `${y > rem * 1.3 ? y - rem * 0.35 : y + rem * 1.05}`);
  }

  /** @param {readonly LivePoint[]} points @param {Scale} scale @param {number} rem */
  #drawScores(points, scale, rem) {
    let line = '';
    let dots = '';
    let crosses = '';
    let last = Number.NEGATIVE_INFINITY;
    for (const [at, score, , verdict] of points) {
      const x = scale.x(at);
      if (score === null) {
        crosses += cross(x, scale.bottom - rem * 0.4, rem * 0.22);
        continue;
      }
      const y = scale.y(score);
      line += `${at - last > GAP_MS ? 'M' : 'L'}${x},${y}`;
      last = at;
      if (verdict === 'anomalous') dots += dot(x, y, rem * 0.26);
    }
    this.#set('score', 'd', line);
    this.#set('anomalous', 'd', dots);
    this.#set('rejected', 'd', crosses);
  }

  /** @param {readonly LivePoint[]} points @param {number} height @param {number} rem */
  #drawLabels(points, height, rem) {
    const span = duration(Math.max(0, this.#now - points[0][0]));
    this.#shapes.start.textContent = `last ${span}`;
    this.#set('start', 'x', `${rem * 0.3}`);
    this.#set('start', 'y', `${height - rem * 0.2}`);
    const [, score, threshold] = /** @type {LivePoint} */ (points.at(-1));
    this.#svg.setAttribute(
      'aria-label',
      `Score over the last ${span}: now ${figure(score)}, threshold ${figure(threshold)}`,
    );
  }

  /** @param {string} shape @param {string} attribute @param {string} value */
  #set(shape, attribute, value) {
    this.#shapes[shape].setAttribute(attribute, value);
  }
}

/**
 * @typedef {object} Scale
 * @property {(at: number) => number} x
 * @property {(score: number) => number} y
 * @property {number} bottom
 */

/**
 * Time to the right, score upward. The threshold is always in view; a score beyond three times its
 * height is drawn at the upper edge, so that one bad frame does not flatten the rest.
 * @param {readonly LivePoint[]} points @param {number} now @param {number} width
 * @param {number} bottom @param {number} edge room for a dot, pixels
 * @returns {Scale}
 */
function scaleOf(points, now, width, bottom, edge) {
  const scores = points.flatMap(([, score]) => score ?? []);
  const thresholds = points.flatMap(([, , threshold]) => threshold ?? []);
  const least = Math.min(...scores, ...thresholds);
  const limit = Math.max(...thresholds, least + 1e-9);
  const reach = Math.min(Math.max(...scores, limit) - least, 3 * (limit - least));
  const [low, high] = [least - 0.1 * reach, least + 1.12 * reach];
  const start = points[0][0];
  const end = Math.max(now, points[points.length - 1][0], start + 1000);
  return {
    bottom,
    x: (at) => round(edge + ((at - start) / (end - start)) * (width - 2 * edge)),
    y: (score) =>
      round(edge + (1 - (Math.min(score, high) - low) / (high - low)) * (bottom - 2 * edge)),
  };
}

/** @param {number} x @param {number} y @param {number} r */
function dot(x, y, r) {
  return `M${round(x - r)},${y}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0Z`;
}

/** @param {number} x @param {number} y @param {number} r */
function cross(x, y, r) {
  return `M${x - r},${y - r}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}`;
}

/** A tenth of a pixel is enough. @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

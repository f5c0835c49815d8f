/**
 * Elements and figures. Whatever comes from the server enters the page as text or as an escaped
 * part of an address, never as markup: camera and frame ids are hostile.
 */

/** @param {string} id */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * A copy of a template's element and its named parts.
 * @param {string} template
 */
export function copyOf(template) {
  const { content } = /** @type {HTMLTemplateElement} */ (byId(template));
  const element = /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true));
  return { element, parts: partsOf(element) };
}

/**
 * The elements under `root` that have a `data-part`, by its name.
 * @param {Element} root
 * @returns {Record<string, any>}
 */
export function partsOf(root) {
  return Object.fromEntries(
    [...root.querySelectorAll('[data-part]')].map((part) => [part.getAttribute('data-part'), part]),
  );
}

/**
 * Sets a text only if it changed: the page is told four times a second.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} camera @param {number} version */
export function cameraPicture(camera, version) {
  return `cameras/${encodeURIComponent(camera)}.jpg?v=${version}`;
}

/** @param {string} frame */
export function framePicture(frame) {
  return `frames/${encodeURIComponent(frame)}.jpg`;
}

/**
 * Three significant digits, as scores and losses need them: 0.0123, 1.23, 123, 1235.
 * @param {number | null} value
 */
export function figure(value) {
  if (value === null) return '–';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 1 || size === 0 ? value.toFixed(2) : value.toPrecision(2);
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en-US');
}

/** @param {number} value frames a second */
export function rate(value) {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(0)} h`;
}

/** @param {number} at ms since the epoch */
export function clock(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** How far above the threshold, in words. @param {number | null} score @param {number | null} threshold */
export function ratio(score, threshold) {
  if (score === null || threshold === null || threshold <= 0) return '';
  return `${(score / threshold).toFixed(score / threshold < 10 ? 2 : 0)}×`;
}

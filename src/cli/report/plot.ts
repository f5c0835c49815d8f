/** The frame of a chart as SVG: axes, ticks and where values lie. Colours are the style sheet's. */
import { type Html, html } from './html.js';

/** Drawn for a phone's width: elsewhere a chart is enlarged, and its text with it. */
const SIZE = { width: 360, height: 270 };
const MARGIN = { left: 40, right: 20, top: 26, bottom: 40 };

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly label: string;
  format(value: number): string;
}

/** From values to places in the picture, to a tenth of a pixel. */
export interface Plot {
  x(value: number): number;
  y(value: number): number;
}

/**
 * @param title what the chart says, for those who do not see it
 * @param draw the marks inside the axes
 */
export function plot(
  title: string,
  xAxis: Axis,
  yAxis: Axis,
  draw: (plot: Plot) => Html | readonly Html[],
  height = SIZE.height,
): Html {
  const { left, right, top, bottom } = MARGIN;
  const [end, floor] = [SIZE.width - right, height - bottom];
  const within = (value: number, { low, high }: Axis) => (value - low) / (high - low);
  const x = (value: number) => round(left + within(value, xAxis) * (end - left));
  const y = (value: number) => round(floor - within(value, yAxis) * (floor - top));
  return html`<svg class="plot" viewBox="0 0 ${SIZE.width} ${height}" role="img" aria-label="${title}">
${yAxis.ticks.map(
  (tick) =>
    html`<path class="grid" d="M${left},${y(tick)}H${end}"/><text x="${left - 5}" y="${y(tick) + 4}" text-anchor="end">${yAxis.format(tick)}</text>`,
)}
${xAxis.ticks.map(
  (tick) =>
    html`<path class="tick" d="M${x(tick)},${floor}v4"/><text x="${x(tick)}" y="${floor + 16}" text-anchor="middle">${xAxis.format(tick)}</text>`,
)}
<path class="axis" d="M${left},${top}V${floor}H${end}"/>
<text class="name" x="${end}" y="${height - 6}" text-anchor="end">${xAxis.label}</text>
<text class="name" x="${left}" y="13">${yAxis.label}</text>
${draw({ x, y })}
</svg>`;
}

/** About `count` round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const least = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  return ticks;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

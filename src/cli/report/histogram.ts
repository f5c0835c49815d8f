/** How often each score occurs, below and above the threshold. */
import { type Html, html } from './html.js';
import { type Axis, plot, round, roundTicks } from './plot.js';

/** Bins of one width; the threshold is an edge, so that no bar is half below and half above it. */
export interface Bins {
  readonly threshold: number;
  readonly width: number;
  /** Bins at and below the threshold, and above it. */
  readonly below: number;
  readonly above: number;
}

const BINS = 36;
/** Of the distance from the lowest score to the threshold: scores beyond are counted in the last bin. */
const REACH = 3;

/** Bins that hold all scores, of which there is one at least. */
export function binsFor(scores: readonly number[], threshold: number): Bins {
  const low = Math.min(threshold, ...scores);
  const high = Math.max(threshold, ...scores);
  const reach = threshold > low ? low + REACH * (threshold - low) : high;
  const span = Math.min(high, reach) - low;
  const width = span > 0 ? span / BINS : 1;
  const below = Math.max(1, Math.ceil((threshold - low) / width - 1e-9));
  const above = Math.max(1, Math.ceil((Math.min(high, reach) - threshold) / width - 1e-9));
  return { threshold, width, below, above };
}

/**
 * Scores in each bin. A bin holds its upper edge and not its lower one, as a score of just the
 * threshold is no defect; what is beyond either end counts in the bin there.
 */
export function countIn(
  { threshold, width, below, above }: Bins,
  scores: readonly number[],
): number[] {
  const counts = new Array<number>(below + above).fill(0);
  for (const score of scores) {
    const bin = below - 1 + Math.ceil((score - threshold) / width);
    const first = score > threshold ? below : 0; // rounding must not move a score across it
    const last = score > threshold ? counts.length - 1 : below - 1;
    counts[Math.max(first, Math.min(last, bin))]++;
  }
  return counts;
}

/** @param tone what the images are */
export function histogram(
  title: string,
  bins: Bins,
  scores: readonly number[],
  tone: 'good' | 'defect',
): Html {
  const counts = countIn(bins, scores);
  const { threshold, width, below, above } = bins;
  const low = threshold - below * width;
  const high = threshold + above * width;
  const format = (value: number) => String(Number(value.toPrecision(3)));
  const xAxis: Axis = { low, high, ticks: roundTicks(low, high, 6), label: 'score', format };
  const most = Math.max(...counts, 1);
  const yAxis: Axis = { low: 0, high: most, ticks: [most], label: 'images', format };
  const draw = ({ x, y }: { x(value: number): number; y(value: number): number }) => [
    ...counts.map((count, bin) => {
      if (count === 0) return html``;
      const [left, right] = [x(low + bin * width), x(low + (bin + 1) * width)];
      const side = bin < below ? 'below' : 'above';
      const height = round(y(0) - y(count));
      return html`<rect class="${tone} ${side}" x="${left}" y="${y(count)}" width="${round(Math.max(1, right - left - 0.5))}" height="${height}"><title>${count}</title></rect>`;
    }),
    html`<path class="limit" d="M${x(threshold)},${y(most) - 10}V${y(0)}"/>`,
  ];
  return plot(title, xAxis, yAxis, draw, 150);
}

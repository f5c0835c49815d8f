/** Curves of rates over rates: ROC and per-region overlap. */
import { type Curve, cutAt, thinned } from '../../evaluate/curve.js';
import { percent } from '../format.js';
import { type Html, html } from './html.js';
import { type Axis, type Plot, plot, roundTicks } from './plot.js';

export interface CurveChart {
  readonly title: string;
  /** The end of the x axis, a rate. */
  readonly limit: number;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly model: Curve;
  readonly control: Curve | undefined;
  /** Where the threshold is. */
  readonly point?: { readonly x: number; readonly y: number };
  /** What a guess would give. */
  readonly chance?: boolean;
}

/** Of the axis: a corner that is nearer to the one before cannot be seen. */
const FINEST = 1 / 500;

export function curveChart(chart: CurveChart): Html {
  const { title, limit, xLabel, yLabel, model, control, point, chance } = chart;
  const line = (curve: Curve, { x, y }: Plot, name: string): Html => {
    const shown = thinned(cutAt(curve, limit), FINEST * limit);
    const corners = [...shown.x].map((value, i) => `${x(value)},${y(shown.y[i])}`);
    return html`<polyline class="curve ${name}" points="${corners.join(' ')}"/>`;
  };
  return plot(title, rateAxis(limit, xLabel), rateAxis(1, yLabel), (at) => [
    ...(chance
      ? [html`<path class="chance" d="M${at.x(0)},${at.y(0)}L${at.x(1)},${at.y(1)}"/>`]
      : []),
    ...(control === undefined ? [] : [line(control, at, 'control')]),
    line(model, at, 'model'),
    ...(point === undefined
      ? []
      : [html`<circle class="point" cx="${at.x(point.x)}" cy="${at.y(point.y)}" r="5"/>`]),
  ]);
}

function rateAxis(high: number, label: string): Axis {
  return { low: 0, high, ticks: roundTicks(0, high, 5), label, format: (rate) => percent(rate) };
}

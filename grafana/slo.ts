import { dashboard } from './dashboard.js';
import { BUDGET, BURN_LIMITS, LATENCY_SECONDS } from './objective.js';
import { stat, timeSeries } from './panels.js';

const WITHIN = `patchline_frame_latency_seconds_bucket{le="${LATENCY_SECONDS}"}`;
const TIMED = 'patchline_frame_latency_seconds_count';
const UNJUDGED = 'patchline_frames_total{outcome=~"rejected|stale"}';

const late = (window: string) =>
  `(1 - sum(increase(${WITHIN}[${window}])) / sum(increase(${TIMED}[${window}])))`;
const unjudged = (window: string) =>
  `((sum(increase(${UNJUDGED}[${window}])) or vector(0)) / sum(increase(patchline_frames_total[${window}])))`;

const budgetStat = (title: string, description: string, errors: string) =>
  stat({
    title,
    description,
    unit: 'percentunit',
    decimals: 1,
    least: 0,
    span: 6,
    queries: [{ expr: `1 - ${errors} / ${BUDGET}`, legend: 'left' }],
  });

const shareStat = (title: string, description: string, errors: string) =>
  stat({
    title,
    description,
    unit: 'percentunit',
    decimals: 2,
    least: 1 - BUDGET,
    span: 6,
    queries: [{ expr: `1 - ${errors}`, legend: 'share' }],
  });

const burn = (title: string, slo: string, description: string) =>
  timeSeries({
    title,
    description: `${description} 1 spends the budget in exactly 30 days. Above ${BURN_LIMITS[1]} over 1 h, or ${BURN_LIMITS[0]} over 6 h, somebody is paged.`,
    unit: 'suffix:×',
    span: 12,
    limits: BURN_LIMITS,
    queries: ['5m', '1h', '6h', '1d', '3d'].map((window) => ({
      expr: `slo:patchline_slo_errors:ratio_rate${window}{slo="${slo}"} / ${BUDGET}`,
      legend: `over ${window}`,
    })),
  });

/** Do we keep what we promised? */
export const slo = dashboard({
  uid: 'patchline-slo',
  title: 'Patchline / Objectives',
  description: `99 % of the frames get a verdict within ${LATENCY_SECONDS} s of their capture, and 99 % get one at all, over 30 days.`,
  range: '24h',
  rows: [
    {
      title: 'Budget',
      panels: [
        budgetStat(
          'Latency budget left',
          `Of 30 days. Below 0: more than 1 % of the frames took longer than ${LATENCY_SECONDS} s. Stop roll-outs, find out which camera spends it (below).`,
          late('30d'),
        ),
        shareStat(
          'Within time',
          `Share of judged frames with a verdict within ${LATENCY_SECONDS} s, in the time range above.`,
          late('$__range'),
        ),
        budgetStat(
          'Verdict budget left',
          'Of 30 days. Below 0: more than 1 % of the frames were rejected, or skipped as stale.',
          unjudged('30d'),
        ),
        shareStat(
          'Judged',
          'Share of frames that got a verdict, in the time range above.',
          unjudged('$__range'),
        ),
      ],
    },
    {
      title: 'How fast it is spent',
      panels: [
        burn(
          'Burn rate, latency',
          'latency',
          'How many times too fast the latency budget is spent.',
        ),
        burn(
          'Burn rate, verdicts',
          'judged',
          'How many times too fast the verdict budget is spent.',
        ),
      ],
    },
    {
      title: 'Who spends it',
      panels: [
        timeSeries({
          title: 'Late frames by camera',
          description: `Slower than ${LATENCY_SECONDS} s. One camera: its clock, network, frame size. All: the engine dashboard.`,
          unit: 'suffix:/min',
          span: 12,
          stacked: true,
          queries: [
            {
              expr: `60 * (sum by (camera) (rate(${TIMED}[$__rate_interval])) - sum by (camera) (rate(${WITHIN}[$__rate_interval])))`,
              legend: '{{camera}}',
            },
          ],
        }),
        timeSeries({
          title: 'Frames without a verdict by camera',
          description:
            'rejected: the reasons are on the camera dashboard. stale: the workers are behind.',
          unit: 'suffix:/min',
          span: 12,
          stacked: true,
          queries: [
            {
              expr: `60 * sum by (camera, outcome) (rate(${UNJUDGED}[$__rate_interval]))`,
              legend: '{{camera}} {{outcome}}',
            },
          ],
        }),
      ],
    },
  ],
});

import { dashboard } from './dashboard.js';
import { LINE_STATES, lineState, OUTCOMES } from './line.js';
import { heatmap, stat, timeline, timeSeries } from './panels.js';

const CAMERA = 'camera=~"$camera"';

const byCamera = (metric: string) => `max by (camera) (${metric}{${CAMERA}})`;
const perSecond = (metric: string) => `sum by (camera) (rate(${metric}[$__rate_interval]))`;
const score = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (camera, le) (rate(patchline_frame_score_bucket{${CAMERA}}[$__rate_interval])))`;

/** What is going on at one camera, or some. */
export const camera = dashboard({
  uid: 'patchline-camera',
  title: 'Patchline / Camera',
  description: 'What a camera sees: scores against the threshold, defects, drift, broken frames.',
  range: '1h',
  variable: {
    name: 'camera',
    label: 'Camera',
    query: 'label_values(patchline_frames_total, camera)',
  },
  alerts: `, ${CAMERA}`,
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Frames',
          description: 'Frames a second from the chosen cameras, whatever became of them.',
          unit: 'suffix:frames/s',
          decimals: 1,
          span: 6,
          queries: [
            {
              expr: `sum(rate(patchline_frames_total{${CAMERA}}[$__rate_interval]))`,
              legend: 'frames',
            },
          ],
        }),
        stat({
          title: 'Anomalous frames',
          description: 'In the time range above. Their pictures are on the live page.',
          unit: 'none',
          decimals: 0,
          span: 6,
          queries: [
            {
              expr: `sum(increase(patchline_anomalous_frames_total{${CAMERA}}[$__range]))`,
              legend: 'anomalous',
            },
          ],
        }),
        stat({
          title: 'Alarms',
          description:
            'Times a line went into alarm in the time range above. Many short ones on good parts: demand more frames with --alarm-after, or calibrate to a lower false-alarm rate.',
          unit: 'none',
          decimals: 0,
          limits: [1, 5],
          span: 6,
          queries: [
            {
              expr: `sum(increase(patchline_line_alarms_total{${CAMERA}}[$__range]))`,
              legend: 'alarms',
            },
          ],
        }),
        stat({
          title: 'Last frame',
          description:
            'Time since the camera that has been silent for the longest sent a frame. If it grows: power, network, producer.',
          unit: 's',
          limits: [60, 300],
          span: 6,
          queries: [
            {
              expr: `max(time() - ${byCamera('patchline_last_frame_timestamp_seconds')})`,
              legend: 'ago',
            },
          ],
        }),
        timeline({
          title: 'State of the line',
          description:
            'warning: some of the last frames were anomalous. alarm: as many as --alarm-after says. no frames: none for a minute. Look at the latest anomalies on the live page, then at the line.',
          unit: 'none',
          span: 24,
          height: 5,
          states: LINE_STATES,
          queries: [{ expr: lineState(CAMERA), legend: '{{camera}}' }],
        }),
      ],
    },
    {
      title: 'Scores',
      panels: [
        heatmap({
          title: 'Frame scores',
          description:
            'In standard deviations of good frames. A second band far above: defects. The whole band moves up: lens, light or material. Dots are frames by their id. The threshold is in the graph beside.',
          unit: 'none',
          span: 12,
          height: 10,
          queries: [
            {
              expr: `sum by (le) (increase(patchline_frame_score_bucket{${CAMERA}}[$__rate_interval]))`,
              legend: '{{le}}',
              exemplar: true,
            },
          ],
        }),
        timeSeries({
          title: 'Scores and threshold',
          description:
            'Dashed: the threshold, which changes only with the model. The median near it: recalibrate or mend the camera. Only the highest 1 % above it: single defects.',
          unit: 'none',
          span: 12,
          height: 10,
          min: -2, // the lowest bucket
          compressed: true,
          limitSeries: '/threshold$/',
          queries: [
            { expr: score(0.5), legend: '{{camera}} median' },
            { expr: score(0.99), legend: '{{camera}} highest 1 %' },
            { expr: byCamera('patchline_threshold'), legend: '{{camera}} threshold' },
          ],
        }),
        timeSeries({
          title: 'Anomalous frames',
          description:
            'Dashed: what good frames alone would give at most, at the rate that the model was calibrated to. At it: no finding. Well above: defects, or drift.',
          unit: 'suffix:/min',
          span: 12,
          limitSeries: '/false alarms$/',
          queries: [
            {
              expr: `60 * ${perSecond(`patchline_anomalous_frames_total{${CAMERA}}`)}`,
              legend: '{{camera}}',
            },
            {
              expr: `60 * ${perSecond(`patchline_frames_total{outcome=~"ok|anomalous", ${CAMERA}}`)} * ${byCamera('patchline_calibrated_false_alarm_ratio')}`,
              legend: '{{camera}} false alarms',
            },
          ],
        }),
        timeSeries({
          title: 'Drift of good frames',
          description:
            'Whether good frames score as they did at calibration; 0 is no drift. Beyond the dashed limits it is no chance: clean the lens, check light and position; new material: patchline calibrate.',
          unit: 'none',
          span: 12,
          min: -1,
          max: 1,
          limitSeries: '/limit$/',
          queries: [
            { expr: byCamera('patchline_score_drift'), legend: '{{camera}}' },
            { expr: byCamera('patchline_score_drift_limit'), legend: '{{camera}} limit' },
            {
              expr: `-${byCamera('patchline_score_drift_limit')}`,
              legend: '{{camera}} lower limit',
            },
          ],
        }),
      ],
    },
    {
      title: 'Delivery',
      panels: [
        timeSeries({
          title: 'Latency p95',
          description:
            'From capture to verdict. One camera above the others: its clock, its network, or frames that are larger.',
          unit: 's',
          span: 8,
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (camera, le) (rate(patchline_frame_latency_seconds_bucket{${CAMERA}}[$__rate_interval])))`,
              legend: '{{camera}}',
              exemplar: true,
            },
          ],
        }),
        timeSeries({
          title: 'Rejected frames by reason',
          description:
            'PL_IMAGE…: the camera sends broken or wrong images. PL_MESSAGE: the headers of its records. PL_CONFIG: it has no model. PL_BACKEND: read the log of the worker.',
          unit: 'suffix:/min',
          span: 8,
          stacked: true,
          queries: [
            {
              expr: `60 * sum by (camera, reason) (rate(patchline_rejected_frames_total{${CAMERA}}[$__rate_interval]))`,
              legend: '{{camera}} {{reason}}',
            },
          ],
        }),
        timeSeries({
          title: 'Frames by outcome',
          description:
            'Falls to 0: the camera is silent. stale: older than --max-age when the worker came to it.',
          unit: 'suffix:frames/s',
          span: 8,
          stacked: true,
          colors: OUTCOMES,
          queries: [
            {
              expr: `sum by (outcome) (rate(patchline_frames_total{${CAMERA}}[$__rate_interval]))`,
              legend: '{{outcome}}',
            },
          ],
        }),
      ],
    },
  ],
});

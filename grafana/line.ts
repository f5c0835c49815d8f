import { dashboard } from './dashboard.js';
import { LAG_LIMITS, LATENCY_SECONDS } from './objective.js';
import { type State, stat, table, tiles, timeline, timeSeries } from './panels.js';

const JUDGED = 'patchline_frames_total{outcome=~"ok|anomalous"}[$__rate_interval]';

export const LINE_STATES: readonly State[] = [
  { text: 'ok', color: 'green' },
  { text: 'warning', color: 'orange' },
  { text: 'alarm', color: 'red' },
  { text: 'no frames', color: 'purple' },
];

/** The colours of what can become of a frame. */
export const OUTCOMES = { ok: 'green', anomalous: 'orange', rejected: 'red', stale: 'purple' };

/** Seconds without a frame after which nothing is known of a line any more. */
const SILENT = 60;

/** 0, 1, 2, 3 as in LINE_STATES, by camera. A line whose camera is silent is not ok because it was. */
export function lineState(camera = ''): string {
  const of = (state: string) =>
    `max by (camera) (camera:patchline_line_state:current{state="${state}"${camera && `, ${camera}`}})`;
  const age = `time() - max by (camera) (patchline_last_frame_timestamp_seconds{${camera}})`;
  const judged = `(${of('warning')} + 2 * ${of('alarm')})`;
  return `${judged} * (${age} <= bool ${SILENT}) + 3 * (${age} > bool ${SILENT})`;
}

/** Their names without the prefix that all have: a narrow table. */
const FIRING =
  'label_replace(ALERTS{alertname=~"Patchline.+", alertstate="firing"}, "alert", "$1", "alertname", "Patchline(.+)")';

const latency = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(patchline_frame_latency_seconds_bucket[$__rate_interval])))`;

/** Is the line all right? What a shift leader has on the wall. */
export const line = dashboard({
  uid: 'patchline-line',
  title: 'Patchline / Line',
  description: 'Is the line all right: defects, speed, delay, and whether all cameras deliver.',
  range: '1h',
  rows: [
    {
      title: 'Lines',
      panels: [
        tiles({
          title: 'Lines now',
          description: `alarm: as many of the last frames were anomalous as --alarm-after says; go to the camera dashboard, then to the line. no frames: none for ${SILENT} s; parts pass unjudged, check power, network and producer of the camera.`,
          span: 24,
          height: 6,
          states: LINE_STATES,
          queries: [{ expr: lineState(), legend: '{{camera}}' }],
        }),
        timeline({
          title: 'State of each line',
          description:
            'How the lines came to where they are. Gaps: no worker knew of the camera (a start, a hand-over).',
          unit: 'none',
          span: 16,
          states: LINE_STATES,
          queries: [{ expr: lineState(), legend: '{{camera}}' }],
        }),
        table({
          title: 'Firing alerts',
          description: 'Each has a section in the runbook: follow its runbook_url. Empty is good.',
          span: 8,
          columns: ['alert', 'severity', 'camera', 'instance'],
          queries: [{ expr: FIRING, legend: '' }],
        }),
      ],
    },
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Frames judged',
          description: 'Verdicts a second, all cameras. Below what the cameras send: see "Behind".',
          unit: 'suffix:frames/s',
          decimals: 1,
          span: 4,
          queries: [{ expr: `sum(rate(${JUDGED})) or vector(0)`, legend: 'judged' }],
        }),
        stat({
          title: 'Anomalous',
          description:
            'Share of judged frames above their threshold. The calibrated false-alarm rate (5 % by default) is normal even on good parts.',
          unit: 'percentunit',
          decimals: 1,
          span: 4,
          queries: [
            {
              expr: `sum(rate(patchline_anomalous_frames_total[$__rate_interval])) / sum(rate(${JUDGED}))`,
              legend: 'anomalous',
            },
          ],
        }),
        stat({
          title: 'Latency p95',
          description: `From capture to acknowledged verdict. The objective is ${LATENCY_SECONDS} s for 99 % of the frames.`,
          unit: 's',
          limits: [LATENCY_SECONDS / 2, LATENCY_SECONDS],
          span: 4,
          queries: [{ expr: latency(0.95), legend: 'p95' }],
        }),
        stat({
          title: 'Behind',
          description:
            'How long the workers need for the frames that wait in Kafka. If it grows, add workers up to the number of partitions, or skip old frames with --max-age. Empty without Kafka.',
          unit: 's',
          limits: LAG_LIMITS,
          span: 4,
          queries: [{ expr: 'max(topic:patchline_consumer_lag:seconds)', legend: 'behind' }],
        }),
        stat({
          title: 'Silent cameras',
          description: `Had a frame since the beginning of the time range, and none for ${SILENT} s. 0 is good; which they are: above.`,
          unit: 'none',
          limits: [1, 1],
          span: 4,
          queries: [
            {
              expr: `count(max by (camera) (max_over_time(patchline_last_frame_timestamp_seconds[$__range])) < time() - ${SILENT}) or vector(0)`,
              legend: 'cameras',
            },
          ],
        }),
        stat({
          title: 'Workers up',
          description: 'Workers that Prometheus reaches. At 0 nothing is judged.',
          unit: 'none',
          least: 1,
          span: 4,
          queries: [{ expr: 'sum(up{job="patchline"})', legend: 'workers' }],
        }),
      ],
    },
    {
      title: 'Cameras',
      panels: [
        timeSeries({
          title: 'Anomalous frames by camera',
          description:
            'Share of judged frames. One camera jumps: a defect on its line. All rise slowly: light, lens or material; see the drift on the camera dashboard.',
          unit: 'percentunit',
          span: 12,
          queries: [
            {
              expr: `sum by (camera) (rate(patchline_anomalous_frames_total[$__rate_interval])) / sum by (camera) (rate(${JUDGED}))`,
              legend: '{{camera}}',
            },
          ],
        }),
        timeSeries({
          title: 'Time since the last frame',
          description:
            'A saw that stays low. A camera that climbs sends nothing: check its power, its network, its producer.',
          unit: 's',
          span: 12,
          queries: [
            {
              expr: 'time() - max by (camera) (patchline_last_frame_timestamp_seconds)',
              legend: '{{camera}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Flow',
      panels: [
        timeSeries({
          title: 'Frames by outcome',
          description:
            'rejected: could not be judged, see the reasons on the camera dashboard. stale: older than --max-age, the workers are behind.',
          unit: 'suffix:frames/s',
          span: 8,
          stacked: true,
          colors: OUTCOMES,
          queries: [
            {
              expr: 'sum by (outcome) (rate(patchline_frames_total[$__rate_interval]))',
              legend: '{{outcome}}',
            },
          ],
        }),
        timeSeries({
          title: 'Latency, capture to verdict',
          description: `Objective: ${LATENCY_SECONDS} s. If it grows while the stages on the engine dashboard do not, frames wait before the worker: lag, or the clock of a camera. Dots are frames by their id.`,
          unit: 's',
          span: 8,
          limits: [LATENCY_SECONDS / 2, LATENCY_SECONDS],
          queries: [
            { expr: latency(0.5), legend: 'p50' },
            { expr: latency(0.95), legend: 'p95' },
            { expr: latency(0.99), legend: 'p99', exemplar: true },
          ],
        }),
        timeSeries({
          title: 'Frames waiting in Kafka',
          description:
            'Not yet settled, by partition. One partition grows: its cameras are too many for one worker, or that worker is stuck. All grow: add workers.',
          unit: 'suffix:frames',
          span: 8,
          queries: [
            {
              expr: 'max by (topic, partition) (patchline_consumer_lag_messages)',
              legend: '{{topic}} {{partition}}',
            },
          ],
        }),
      ],
    },
  ],
});

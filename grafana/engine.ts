import { dashboard } from './dashboard.js';
import { kafkaRow } from './kafka.js';
import { type State, type TimeSeriesSpec, table, timeline, timeSeries } from './panels.js';

const INSTANCE = 'instance=~"$instance"';

const RUNNING: readonly State[] = [
  { text: 'not running', color: 'red' },
  { text: 'running', color: 'green' },
];

/** One series for each worker. */
const gauge = (spec: Omit<TimeSeriesSpec, 'queries' | 'span'>, metric: string, limit?: string) =>
  timeSeries({
    ...spec,
    span: 8,
    queries: [metric, ...(limit === undefined ? [] : [limit])].map((name, i) => ({
      expr: `${name}{${INSTANCE}}`,
      legend: i === 0 ? '{{instance}}' : '{{instance}} limit',
    })),
    ...(limit !== undefined && { limitSeries: '/limit$/' }),
  });

/** Why is it slow, or what is wrong with a worker? */
export const engine = dashboard({
  uid: 'patchline-engine',
  title: 'Patchline / Engine',
  description:
    'Where frames spend their time, what limits a worker, and how it gets on with Kafka.',
  range: '1h',
  variable: {
    name: 'instance',
    label: 'Worker',
    query: 'label_values(patchline_build_info, instance)',
  },
  rows: [
    {
      title: 'Workers',
      panels: [
        timeline({
          title: 'Running',
          description:
            'Not running: starting (see the reasons of /readyz), draining, or failed (the last error of its log).',
          unit: 'none',
          span: 8,
          states: RUNNING,
          queries: [
            { expr: `patchline_up_state{state="running", ${INSTANCE}}`, legend: '{{instance}}' },
          ],
        }),
        table({
          title: 'Versions',
          description: 'If workers of a group differ, finish the roll-out.',
          span: 8,
          columns: ['instance', 'version', 'backend', 'node'],
          queries: [{ expr: `patchline_build_info{${INSTANCE}}`, legend: '' }],
        }),
        table({
          title: 'Models',
          description:
            'The loaded models by digest. If workers differ, their scores and thresholds do not compare.',
          span: 8,
          columns: ['instance', 'name', 'model'],
          queries: [{ expr: `patchline_model_info{${INSTANCE}}`, legend: '' }],
        }),
      ],
    },
    {
      title: 'Frames',
      panels: [
        timeSeries({
          title: 'Time of a frame by stage',
          description:
            'Mean. The thickest band limits the line: wait means too few threads, encode a slow back end (patchline bench), publish slow brokers or disks.',
          unit: 's',
          span: 12,
          stacked: true,
          queries: [
            {
              expr: `sum by (stage) (rate(patchline_stage_duration_seconds_sum{${INSTANCE}}[$__rate_interval])) / sum by (stage) (rate(patchline_stage_duration_seconds_count{${INSTANCE}}[$__rate_interval]))`,
              legend: '{{stage}}',
            },
          ],
        }),
        timeSeries({
          title: 'Slowest 5 % by stage',
          description:
            'A stage far above its mean: other work on the machine, or frames of two sizes.',
          unit: 's',
          span: 12,
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (stage, le) (rate(patchline_stage_duration_seconds_bucket{${INSTANCE}}[$__rate_interval])))`,
              legend: '{{stage}}',
            },
          ],
        }),
        gauge(
          {
            title: 'Frames in flight',
            description:
              'At the dashed limit all the time: the engine is the bottleneck; add workers or a faster back end. Far below: the source is.',
            unit: 'suffix:frames',
          },
          'patchline_in_flight_frames',
          'patchline_credits_frames',
        ),
        gauge(
          {
            title: 'Bytes in flight',
            description:
              'At the limit while frames are not at theirs: frames are large; raise --max-megabytes if memory allows.',
            unit: 'bytes',
          },
          'patchline_in_flight_bytes',
          'patchline_credits_bytes',
        ),
        timeSeries({
          title: 'Encoder failures',
          description:
            'Frames that broke a thread, and threads that ended. One is a bad frame or a lack of memory: read the log. Five in a row end the worker.',
          unit: 'suffix:/min',
          span: 8,
          queries: [
            {
              expr: `60 * rate(patchline_encoder_failures_total{${INSTANCE}}[$__rate_interval])`,
              legend: '{{instance}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Process',
      panels: [
        timeSeries({
          title: 'CPU',
          description:
            'Cores in use. At the cores of the machine: the worker cannot get faster here.',
          unit: 'suffix:cores',
          span: 8,
          queries: [
            {
              expr: `rate(process_cpu_seconds_total{${INSTANCE}}[$__rate_interval])`,
              legend: '{{instance}}',
            },
          ],
        }),
        gauge(
          {
            title: 'Main thread busy',
            description:
              'Above 0.8 it delays heartbeats and commits: fewer frames for this worker, more workers.',
            unit: 'percentunit',
            max: 1,
            limits: [0.5, 0.8],
          },
          'patchline_event_loop_utilization_ratio',
        ),
        gauge(
          {
            title: 'Event loop late, p99',
            description:
              'How late timers come. Seconds: the machine is overloaded, and Kafka may take the worker for dead.',
            unit: 's',
          },
          'nodejs_eventloop_lag_p99_seconds',
        ),
        gauge(
          {
            title: 'Memory',
            description:
              'Resident, all threads. It must be flat under load. Near the limit of the container: fewer threads or a smaller --max-megabytes.',
            unit: 'bytes',
          },
          'process_resident_memory_bytes',
        ),
        gauge(
          {
            title: 'Memory of tensors',
            description:
              'Flat under load; if it keeps growing, restart the worker and report a leak.',
            unit: 'bytes',
          },
          'patchline_encoder_memory_bytes',
        ),
        gauge(
          {
            title: 'Tensors',
            description: 'Constant between frames; if it keeps growing, restart and report a leak.',
            unit: 'short',
          },
          'patchline_encoder_tensors',
        ),
        timeSeries({
          title: 'Garbage collection',
          description: 'Share of the main thread. Above 5 %: too little heap, or frames too large.',
          unit: 'percentunit',
          span: 12,
          stacked: true,
          queries: [
            {
              expr: `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${INSTANCE}}[$__rate_interval]))`,
              legend: '{{kind}}',
            },
          ],
        }),
        timeSeries({
          title: 'Heap of the main thread',
          description:
            'A saw. If its low points rise, something is kept: restart and report a leak.',
          unit: 'bytes',
          span: 12,
          queries: [{ expr: `nodejs_heap_size_used_bytes{${INSTANCE}}`, legend: '{{instance}}' }],
        }),
      ],
    },
    kafkaRow(INSTANCE),
  ],
});

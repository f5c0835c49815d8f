import type { Row } from './dashboard.js';
import { type PanelBuilder, timeSeries } from './panels.js';

/** How workers get on with their group and their brokers; empty where frames come from a folder. */
export function kafkaRow(matchers: string): Row {
  const gauge = (title: string, metric: string, unit: string, description: string) =>
    panel(title, `${metric}{${matchers}}`, '{{instance}}', unit, description);
  const rate = (title: string, metric: string, label: string, unit: string, description: string) =>
    panel(
      title,
      `sum by (${label}) (rate(${metric}{${matchers}}[$__rate_interval]))`,
      `{{${label}}}`,
      unit,
      description,
    );
  return {
    title: 'Kafka',
    panels: [
      gauge(
        'Partitions',
        'patchline_consumer_partitions',
        'none',
        'Partitions of each worker. 0: more workers than partitions; it is a spare.',
      ),
      gauge(
        'Heartbeat age',
        'patchline_consumer_heartbeat_age_seconds',
        's',
        'Time since the group last heard of the worker. Above --session-timeout it has lost its partitions: network to the brokers, or a busy main thread.',
      ),
      panel(
        'Frames waiting',
        `sum by (instance) (patchline_consumer_lag_messages{${matchers}})`,
        '{{instance}}',
        'suffix:frames',
        'Not yet settled. One worker grows: it is stuck or has too many partitions. All: add workers.',
      ),
      timeSeries({
        title: 'Commits',
        description:
          'None while frames wait: the worker settles nothing. failed: look at the brokers.',
        unit: 'suffix:/s',
        span: 8,
        colors: { ok: 'green', failed: 'red' },
        queries: [
          {
            expr: `sum by (result) (rate(patchline_commits_total{${matchers}}[$__rate_interval]))`,
            legend: '{{result}}',
          },
        ],
      }),
      rate(
        'Records published',
        'patchline_published_records_total',
        'kind',
        'suffix:/s',
        'Acknowledged by the brokers. Each dead-letter is a frame that could not be judged: its headers say why.',
      ),
      rate(
        'Bytes fetched',
        'patchline_fetched_bytes_total',
        'instance',
        'Bps',
        'Encoded frames, before decompression: what the network carries.',
      ),
      troubles(matchers),
    ],
  };
}

function panel(
  title: string,
  expr: string,
  legend: string,
  unit: string,
  description: string,
): PanelBuilder {
  return timeSeries({ title, description, unit, span: 8, queries: [{ expr, legend }] });
}

/** What should never happen, in one graph: flat at 0 is good. */
function troubles(matchers: string): PanelBuilder {
  const events: Readonly<Record<string, string>> = {
    rebalances: 'patchline_consumer_rebalances_total',
    'consumer crashes': 'patchline_consumer_crashes_total',
    'publish retries': 'patchline_publish_retries_total',
    'records too large': 'patchline_oversize_records_total',
    'frames lost to retention': 'patchline_records_gone_total',
    'topics made anew': 'patchline_partitions_recreated_total',
  };
  return timeSeries({
    title: 'Troubles',
    description:
      'Flat at 0 is good. Rebalances at a roll-out are normal; steady ones are workers that come and go. Frames lost: the worker was away longer than retention.ms. Crashes: mostly no broker answered. Retries: a broker or a topic is away, frames wait. Too large: raise max.message.bytes.',
    unit: 'suffix:/min',
    span: 24,
    queries: Object.entries(events).map(([legend, metric]) => ({
      // Those by kind have no series before the first trouble.
      expr: `60 * (sum(rate(${metric}{${matchers}}[$__rate_interval])) or vector(0))`,
      legend,
    })),
  });
}

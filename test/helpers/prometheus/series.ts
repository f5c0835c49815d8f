/** Which series there can be: the registry of a worker, what Prometheus adds, what rules record. */
import { type Metric, Registry } from 'prom-client';
import { kafkaMetrics } from '../../../src/observe/kafka-metrics.js';
import { Metrics } from '../../../src/observe/metrics.js';
import { type Expression, parsePromql } from './promql.js';
import { RECORDINGS } from './rules.js';

/** Added to each series by the scrape. */
const TARGET = ['job', 'instance'];

/** Name → labels. */
export const SERIES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...exported(true),
  ...RECORDINGS.map(({ record, expr, labels = {} }): [string, Set<string>] => [
    record,
    new Set([...parsePromql(expr).grouping, ...Object.keys(labels)]),
  ]),
  ['up', new Set(TARGET)],
  ['ALERTS', new Set([...TARGET, 'alertname', 'alertstate', 'severity', 'camera'])],
]);

const ofAnyWorker = new Map(exported(false));

/** Those that only a worker on Kafka has. */
export const KAFKA_SERIES: ReadonlySet<string> = new Set([
  ...[...SERIES.keys()].filter(
    (name) => /^(patchline|nodejs|process)_/.test(name) && !ofAnyWorker.has(name),
  ),
  'topic:patchline_consumer_lag:seconds',
]);

function* exported(withKafka: boolean): Generator<[string, Set<string>]> {
  const registry = new Registry();
  const metrics = new Metrics(registry);
  if (withKafka) kafkaMetrics(metrics, 'frames');
  for (const { name, type } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name) as Metric & { labelNames: string[] };
    const labels = [...metric.labelNames, ...TARGET];
    const isHistogram = String(type) === 'histogram';
    if (!isHistogram) yield [name, new Set(labels)];
    else {
      yield [`${name}_bucket`, new Set([...labels, 'le'])];
      yield [`${name}_sum`, new Set(labels)];
      yield [`${name}_count`, new Set(labels)];
    }
  }
}

/** What an expression asks for that nobody exports. */
export function unknowns({ selectors, grouping }: Expression): string[] {
  const wrong: string[] = [];
  const labels = new Set<string>();
  for (const selector of selectors) {
    const known = SERIES.get(selector.metric);
    if (known === undefined) wrong.push(`no metric ${selector.metric}`);
    for (const label of known ?? []) labels.add(label);
    for (const label of selector.labels) {
      if (!known?.has(label)) wrong.push(`${selector.metric} has no label ${label}`);
    }
  }
  for (const label of grouping) if (!labels.has(label)) wrong.push(`no metric has ${label}`);
  return wrong;
}

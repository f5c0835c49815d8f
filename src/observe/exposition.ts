import { type Metric, type MetricObject, Registry } from 'prom-client';
import { FrameHistogram } from './frame-histogram.js';
import { escaped, type Labels, number, series } from './sample.js';

export type ExpositionFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/**
 * What a scraper wants by its `Accept` header (RFC 9110 §12.5.1). Prometheus asks for OpenMetrics
 * and for text, the better one with the higher quality; who asks for neither gets text.
 */
export function preferredFormat(accept = ''): ExpositionFormat {
  const quality = { 'application/openmetrics-text': 0, 'text/plain': 0 };
  for (const range of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    if (type in quality) {
      const known = type as keyof typeof quality;
      quality[known] = Math.max(quality[known], Number(q ?? 1) || 0);
    }
  }
  const { 'application/openmetrics-text': open, 'text/plain': text } = quality;
  return open > 0 && open >= text ? 'openmetrics' : 'text';
}

/** What prom-client tells of one time series. */
interface Sample {
  readonly value: number;
  readonly labels: Labels;
  /** Where it is not that of the metric: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

/**
 * A registry in either format; exemplars (those of our own histograms) appear only in `openmetrics`.
 * prom-client writes the same text, but takes longer, while no frame moves, and for OpenMetrics it
 * renames the very metric objects.
 */
export async function exposition(registry: Registry, format: ExpositionFormat): Promise<string> {
  const isOpen = format === 'openmetrics';
  const families = await Promise.all(
    registry
      .getMetricsAsArray()
      .map((about) => familyText(about, registry.getSingleMetric(about.name)!, isOpen)),
  );
  return isOpen ? `${families.join('')}# EOF\n` : families.join('\n');
}

async function familyText(
  { name, help, type }: MetricObject,
  metric: Metric,
  isOpen: boolean,
): Promise<string> {
  const family = isOpen && String(type) === 'counter' ? name.replace(/_total$/, '') : name;
  const head = `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n`;
  if (metric instanceof FrameHistogram) return head + metric.text(isOpen);
  let lines = '';
  for (const sample of (await metric.get()).values as readonly Sample[]) {
    lines += `${series(sample.metricName ?? name, sample.labels)}${number(sample.value)}\n`;
  }
  return head + lines;
}

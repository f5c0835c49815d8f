import { Registry } from 'prom-client';

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

/** What prom-client tells of one time series; its types leave the exemplars out. */
interface Sample {
  readonly value: number;
  readonly labels: Labels;
  /** Where it is not that of the metric: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
  readonly exemplar?: { labelSet: Labels; value: number; timestamp: number } | null;
}

type Labels = Readonly<Record<string, string | number>>;

/**
 * A registry in either format; exemplars appear only in `openmetrics`. prom-client writes the same
 * text, but takes twice as long, while no frame moves, and for OpenMetrics it renames the very
 * metric objects. Strings are appended here, which is half of that.
 */
export async function exposition(registry: Registry, format: ExpositionFormat): Promise<string> {
  const isOpen = format === 'openmetrics';
  let out = '';
  for (const { name, help, type, values } of await registry.getMetricsAsJSON()) {
    const family = isOpen && String(type) === 'counter' ? name.replace(/_total$/, '') : name;
    if (!isOpen && out !== '') out += '\n';
    out += `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n`;
    for (const sample of values as readonly Sample[]) out += lineOf(name, sample, isOpen);
  }
  return isOpen ? `${out}# EOF\n` : out;
}

function lineOf(name: string, sample: Sample, withExemplar: boolean): string {
  const { labels, value, metricName = name, exemplar } = sample;
  let line = metricName;
  const written = pairs(labels);
  if (written !== '') line += `{${written}}`;
  line += ` ${number(value)}`;
  if (withExemplar && exemplar) {
    line += ` # {${pairs(exemplar.labelSet)}} ${number(exemplar.value)} ${exemplar.timestamp}`;
  }
  return `${line}\n`;
}

function pairs(labels: Labels): string {
  let written = '';
  for (const name in labels) {
    if (written !== '') written += ',';
    written += `${name}="${quotable(String(labels[name]))}"`;
  }
  return written;
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function quotable(text: string): string {
  return /["\\\n]/.test(text) ? escaped(text).replaceAll('"', '\\"') : text;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

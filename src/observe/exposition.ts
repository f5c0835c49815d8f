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

/**
 * Renders a registry in either format; exemplars appear only in `openmetrics`. One scrape at a
 * time: prom-client strips `_total` from the very metric objects while it renders OpenMetrics, and
 * a text scrape in between would show the wrong names.
 */
export class Exposition {
  readonly #registry: Registry;
  #last: Promise<unknown> = Promise.resolve();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  render(format: ExpositionFormat): Promise<string> {
    const scrape = this.#last.then(() =>
      format === 'text' ? this.#registry.metrics() : renderOpenMetrics(this.#registry),
    );
    this.#last = scrape.catch(() => {}); // the failure is the caller's, not the next scrape's
    return scrape;
  }
}

/** Renders the metrics through a second registry, then gives the counters their names back. */
async function renderOpenMetrics(registry: Registry): Promise<string> {
  const metrics = registry.getMetricsAsArray();
  const names = metrics.map(({ name }) => name);
  const view = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  view.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const name of names) view.registerMetric(registry.getSingleMetric(name)!);
  try {
    return await view.metrics();
  } finally {
    for (const [i, metric] of metrics.entries()) metric.name = names[i];
  }
}

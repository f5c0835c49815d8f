import { Registry } from 'prom-client';

export type ExpositionFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

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

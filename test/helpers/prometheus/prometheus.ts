/** Prometheus with deploy/prometheus/prometheus.yml and its rules, on targets of the test. */
import { parse } from 'yaml';
import { ROOT, readText } from './rules.js';
import { Server } from './server.js';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Without those that are no number. */
  readonly values: readonly number[];
}

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

export interface PrometheusOptions {
  /** `host:port` of workers. */
  readonly targets: readonly string[];
  /** `host:port` */
  readonly alertmanager: string;
}

export class Prometheus {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Scrapes and evaluates each second instead of every 15. */
  static async start({ targets, alertmanager }: PrometheusOptions): Promise<Prometheus> {
    const config = parse(readText('deploy/prometheus/prometheus.yml'));
    Object.assign(config.global, { scrape_interval: '1s', evaluation_interval: '1s' });
    config.rule_files = [`${ROOT}deploy/prometheus/rules.yml`];
    config.alerting.alertmanagers = [{ static_configs: [{ targets: [alertmanager] }] }];
    const [{ job_name }] = config.scrape_configs;
    config.scrape_configs = [{ job_name, static_configs: [{ targets }] }];
    const server = await Server.start({
      program: 'prometheus',
      args: (folder) => [
        `--storage.tsdb.path=${folder}/data`,
        '--enable-feature=exemplar-storage',
        '--log.level=warn',
      ],
      config,
    });
    return new Prometheus(server);
  }

  /** What there is now. */
  async query(expr: string): Promise<Series[]> {
    return series(await this.#server.ask(`/api/v1/query?${new URLSearchParams({ query: expr })}`));
  }

  /** What a graph of the last `seconds` shows. */
  async range(expr: string, seconds: number): Promise<Series[]> {
    const end = Date.now() / 1000;
    const about = { query: expr, start: `${end - seconds}`, end: `${end}`, step: '1' };
    return series(await this.#server.ask(`/api/v1/query_range?${new URLSearchParams(about)}`));
  }

  /** Frame ids that the buckets of a histogram point to. */
  async exemplars(query: string, seconds: number): Promise<string[]> {
    const end = Date.now() / 1000;
    const about = { query, start: `${end - seconds}`, end: `${end}` };
    const { data } = await this.#server.ask<{
      data: { exemplars: { labels: { frame_id: string } }[] }[];
    }>(`/api/v1/query_exemplars?${new URLSearchParams(about)}`);
    return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.frame_id));
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

function series({ data }: Answer): Series[] {
  return data.result.map(({ metric, value, values = value ? [value] : [] }) => ({
    metric,
    values: values.map(([, text]) => Number(text)).filter(Number.isFinite),
  }));
}

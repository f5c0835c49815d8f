/** What people and machines see of a worker: metrics, probes, live page, on one address. */
import { Registry } from 'prom-client';
import type { CameraLabelOptions } from './camera-labels.js';
import type { Health } from './health.js';
import { type HttpServer, startHttp } from './http.js';
import { LiveView } from './live.js';
import { Metrics } from './metrics.js';

export interface MonitorOptions {
  /** Absent: no address is opened; metrics and live view are kept all the same. */
  readonly http?: { readonly host: string; readonly port: number; readonly token?: string };
  readonly cameras?: CameraLabelOptions;
}

export class Monitor {
  readonly live = new LiveView();
  readonly metrics: Metrics;
  /** Asked at each probe. Whoever runs something replaces it. */
  health: () => Health = () => ({
    live: true,
    ready: false,
    state: 'starting',
    reasons: ['the worker is starting'],
  });
  #server: HttpServer | undefined;

  private constructor(options: MonitorOptions) {
    this.metrics = new Metrics(new Registry(), { cameras: options.cameras ?? {} });
  }

  /** @throws PL_PORT_IN_USE */
  static async open(options: MonitorOptions): Promise<Monitor> {
    const monitor = new Monitor(options);
    if (options.http !== undefined) {
      monitor.#server = await startHttp({
        ...options.http,
        registry: monitor.metrics.registry,
        live: monitor.live,
        health: () => monitor.health(),
      });
    }
    return monitor;
  }

  /** Where a person on this machine opens the live page. */
  get url(): string | undefined {
    return this.#server?.url;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}

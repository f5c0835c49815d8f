/** Alertmanager with deploy/prometheus/alertmanager.yml, its receivers sent to an address of the test. */
import { parse } from 'yaml';
import { readText } from './rules.js';
import { Server } from './server.js';

type Labels = Readonly<Record<string, string>>;

interface Held {
  readonly labels: Labels;
  readonly status: { readonly inhibitedBy: readonly string[] };
}

export class Alertmanager {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `receiver`: takes the place of the address of each webhook; their paths stay. */
  static async start(receiver: string): Promise<Alertmanager> {
    const config = parse(readText('deploy/prometheus/alertmanager.yml'));
    for (const { webhook_configs } of config.receivers) {
      for (const webhook of webhook_configs) {
        webhook.url = new URL(new URL(webhook.url).pathname, receiver).href;
      }
    }
    const server = await Server.start({
      program: 'prometheus-alertmanager',
      args: (folder) => [`--storage.path=${folder}/data`, '--cluster.listen-address='],
      config,
    });
    return new Alertmanager(server);
  }

  get address(): string {
    return new URL(this.#server.url).host;
  }

  async post(alerts: readonly Labels[]): Promise<void> {
    await this.#server.ask('/api/v2/alerts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts.map((labels) => ({ labels }))),
    });
  }

  /** The alerts that others inhibit, by name. Alertmanager learns of what fires a moment after the post. */
  async held(): Promise<Labels[]> {
    const alerts = await this.#server.ask<Held[]>('/api/v2/alerts');
    const held = alerts.filter(({ status }) => status.inhibitedBy.length > 0);
    return held.map(({ labels }) => labels).sort(byName);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

export function byName(a: Labels, b: Labels): number {
  return a.alertname.localeCompare(b.alertname);
}

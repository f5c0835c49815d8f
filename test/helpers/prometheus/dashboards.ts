/** The dashboards as Grafana reads them: the checked-in files. */
import { readText } from './rules.js';

export interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly refId: string;
  readonly format?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly Target[];
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly options?: { readonly legend?: { readonly showLegend: boolean } };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly graphTooltip: number;
  readonly panels: readonly Panel[];
  readonly links: readonly { readonly type: string; readonly tags: readonly string[] }[];
  readonly tags: readonly string[];
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr?: string }[];
  };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
}

export const NAMES = ['line', 'camera', 'engine', 'slo'];

export const FILES: Readonly<Record<string, Dashboard>> = Object.fromEntries(
  NAMES.map((name) => [name, JSON.parse(readText(`grafana/dashboards/${name}.json`))]),
);

/** Rows are only headings. */
export const PANELS = Object.entries(FILES).flatMap(([file, { panels }]) =>
  panels.filter(({ type }) => type !== 'row').map((panel) => ({ file, ...panel })),
);

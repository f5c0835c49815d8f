import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { camera } from './camera.js';
import { engine } from './engine.js';
import { line } from './line.js';
import { slo } from './slo.js';

/** By the name of the file in grafana/dashboards, without its suffix. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = { line, camera, engine, slo };

/** What the file of a dashboard holds. */
export function fileOf(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

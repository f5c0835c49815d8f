/** `npm run dashboards`: writes grafana/dashboards/*.json, which Grafana reads. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DASHBOARDS, fileOf } from './dashboards.js';

const [folder = 'grafana/dashboards'] = process.argv.slice(2);
for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  await writeFile(join(folder, `${name}.json`), fileOf(dashboard));
}

/** A job in a process of its own: one core, and a crash is one job's. Tells results over IPC. */
import { startBackend } from '../backend/backends.js';
import { asPatchlineError } from '../errors.js';
import { round } from './figures.js';
import type { JobMessage, JobOrder } from './jobs.js';
import { measure } from './measure.js';

const { job, training }: JobOrder = JSON.parse(process.argv[2]);
const tell = (message: JobMessage): void => void process.send?.(message);

try {
  await startBackend(training);
  let before = 0;
  for await (const measured of measure(job, await startBackend('onnx'))) {
    const { user, system } = process.cpuUsage();
    const now = (user + system) / 1e6;
    tell({ measured: { ...measured, cpuSeconds: round(now - before) } });
    before = now;
  }
} catch (error) {
  tell({ failure: asPatchlineError(error).explanation });
}
process.disconnect();

/** All tables of a suite. */
import { SUITES, type SuiteName } from './conditions.js';
import type { Results } from './result.js';
import { alarmTable, LEGEND, METRICS, metricTable, runLines } from './table.js';

const TITLES: Readonly<Record<SuiteName, string>> = {
  ablation: 'Ablation: one thing changed at a time',
  robustness: 'Robustness of the default',
};

export function suiteReport(suite: SuiteName, results: Results): string {
  const factors = SUITES[suite];
  const current = results.current;
  const tables = METRICS[suite].map((metric) => metricTable(metric, factors, current));
  const alarms = ['### Do the thresholds hold?', ALARMS, alarmTable(current)];
  return [
    `## ${TITLES[suite]}`,
    LEGEND,
    ...tables,
    ...(suite === 'robustness' ? alarms : []),
    ['Measured:', '', ...runLines(results.runs, current)].join('\n'),
  ].join('\n\n');
}

const ALARMS = `Good test images that the default calls defective, at a threshold from held-out training images.
α held is what so many held-out images can promise (1/(n + 1) where they are few). Expected: the central
95 % of a binomial distribution with that rate. The promise is for frames like those of the training.`;

import test from 'ava';
import { DEFAULT, type Factor } from '../../src/experiments/conditions.js';
import type { Result } from '../../src/experiments/result.js';
import { alarmTable, metricTable } from '../../src/experiments/table.js';

function result(category: string, seed: number, condition: string, auroc: number): Result {
  const counts = { heldOut: 87, good: 56, defective: 90 };
  return {
    run: 'r',
    category,
    seed,
    condition,
    change: {},
    image: { auroc, f1Max: 1, heldOutAuroc: auroc },
    pixel: { auroc: 1, ap: 1, aupro30: 1, aupro05: 1, f1Max: 1 },
    thresholds: [
      { asked: 0.05, alpha: 0.05, falseAlarms: seed === 1 ? 6 : 7, found: 45, ...counts },
      { asked: 0.01, alpha: 0.0114, falseAlarms: 0, found: 9, ...counts },
    ],
    cpuSeconds: 1,
  };
}

const FACTORS: readonly Factor[] = [
  { title: 'Blur', reference: DEFAULT, conditions: [{ name: 'a' }, { name: 'b' }] },
  { title: 'Under a', reference: { name: 'a' }, conditions: [{ name: 'b' }, { name: 'c' }] },
];
const RESULTS = [
  result('tile', 1, 'default', 0.8),
  result('tile', 2, 'default', 0.9),
  result('tile', 1, 'a', 0.82),
  result('tile', 2, 'a', 0.96),
  result('tile', 2, 'b', 0.87),
  result('road', 1, 'default', 0.7),
  result('road', 1, 'a', 0.7),
  result('road', 3, 'b', 0.1), // a seed that nothing else has
];

test('the default in per cent, then differences on the same seeds, and the mean where all have one', (t) => {
  const of = ({ image }: Result): number => image.auroc;
  const lines = metricTable({ title: 'Image', of }, FACTORS, RESULTS).split('\n');
  t.deepEqual(lines, [
    '### Image',
    '',
    '|  | road | tile | mean |',
    '| --- | --- | --- | --- |',
    '| default | 70.0 | 85.0 ± 7.1 | 77.5 |', // √((5² + 5²) / 1) = 7.07
    '| **Blur** |  |  |  |',
    '| a | 0.0 | +4.0 ± 2.8 | +2.0 |', // +2 and +6
    '| b | – | −3.0 | – |',
    '| **Under a** |  |  |  |',
    '| b | – | −9.0 | – |',
    '| c | – | – | – |',
  ]);
});

test('false alarms stand beside what their rate lets expect', (t) => {
  const lines = alarmTable(RESULTS.filter(({ category }) => category === 'tile')).split('\n');
  t.deepEqual(lines.slice(2), [
    // SciPy: binom.interval(0.95, 56, 0.05) = (0, 6), binom.interval(0.95, 56, 0.0114) = (0, 3)
    '| tile | 5 % | 5 % | 87 | 6, 7 of 56 | 0 to 6 | 1 of 2 outside | 50.0 ± 0.0 |',
    '| tile | 1 % | 1.1 % | 87 | 0, 0 of 56 | 0 to 3 | yes | 10.0 ± 0.0 |',
  ]);
});

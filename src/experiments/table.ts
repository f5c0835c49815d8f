/** Results as Markdown, for README and notes. */
import { binomialInterval } from './binomial.js';
import { DEFAULT, type Factor } from './conditions.js';
import type { Result, Run } from './result.js';

/** A figure of a result, as a share of 1. */
interface Metric {
  readonly title: string;
  of(result: Result): number;
}

const alarms = ({ thresholds: [t] }: Result): number => t.falseAlarms / t.good;
const found = ({ thresholds: [t] }: Result): number => t.found / t.defective;

const AUPRO: Metric = { title: 'AUPRO @ 30 %', of: ({ pixel }) => pixel.aupro30 };
const IMAGE: Metric = { title: 'Image AUROC', of: ({ image }) => image.auroc };
const HELD_OUT: Metric = {
  title: 'Image AUROC against held-out training images',
  of: ({ image }) => image.heldOutAuroc,
};
const FOUND: Metric = { title: 'Defective images found at α = 5 %', of: found };

export const METRICS = {
  ablation: [
    IMAGE,
    HELD_OUT,
    AUPRO,
    { title: 'AUPRO @ 5 %', of: ({ pixel }) => pixel.aupro05 },
    FOUND,
  ],
  robustness: [IMAGE, HELD_OUT, AUPRO, { title: 'False alarms at α = 5 %', of: alarms }, FOUND],
} as const satisfies Record<string, readonly Metric[]>;

export const LEGEND = `The first row is the default, in per cent. The others are differences to their reference on the
same seeds, in points: mean ± standard deviation over the seeds; without ± it was one seed. – was not
measured.`;

/** One table of all factors, a row a condition. */
export function metricTable(
  { title, of }: Metric,
  factors: readonly Factor[],
  results: readonly Result[],
): string {
  const categories = categoriesOf(results);
  const table = new Figures(results, of);
  const rows = factors.flatMap((factor) => [
    [`**${factor.title}**`, ...categories.map(() => ''), ''],
    ...factor.conditions.map(({ name }) => {
      const against = factor.reference.name;
      return [
        name,
        ...withMean(
          categories.map((c) => table.differences(c, name, against)),
          true,
        ),
      ];
    }),
  ]);
  const reference = withMean(
    categories.map((c) => table.values(c, DEFAULT.name)),
    false,
  );
  return [
    `### ${title}`,
    markdown(['', ...categories, 'mean'], [[DEFAULT.name, ...reference], ...rows]),
  ].join('\n\n');
}

/** Figures of one metric by category, condition and seed; in per cent. */
class Figures {
  readonly #bySeed = new Map<string, Map<number, number>>();

  constructor(results: readonly Result[], of: Metric['of']) {
    for (const result of results) {
      const key = `${result.category}|${result.condition}`;
      const seeds = this.#bySeed.get(key) ?? new Map<number, number>();
      this.#bySeed.set(key, seeds.set(result.seed, 100 * of(result)));
    }
  }

  values(category: string, condition: string): number[] {
    return [...(this.#bySeed.get(`${category}|${condition}`)?.values() ?? [])];
  }

  /** On the seeds that both have. */
  differences(category: string, condition: string, reference: string): number[] {
    const base = this.#bySeed.get(`${category}|${reference}`);
    const own = this.#bySeed.get(`${category}|${condition}`) ?? [];
    return [...own].flatMap(([seed, value]) => {
      const against = base?.get(seed);
      return against === undefined ? [] : [value - against];
    });
  }
}

/** Cells of the categories, and of their mean where all of them have one. */
function withMean(categories: readonly (readonly number[])[], signed: boolean): string[] {
  const all = categories.every((values) => values.length > 0) ? [mean(categories.map(mean))] : [];
  return [...categories, all].map((values) => cell(values, signed));
}

function cell(values: readonly number[], signed: boolean): string {
  if (values.length === 0) return '–';
  const middle = mean(values);
  const sign = signed && middle > 0 ? '+' : '';
  const text = `${sign}${middle.toFixed(1).replace('-', '−')}`;
  return values.length === 1 ? text : `${text} ± ${deviation(values).toFixed(1)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample: divided by n − 1. */
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** Whether the thresholds of the default hold what they promise, for each category and rate. */
export function alarmTable(results: readonly Result[]): string {
  const defaults = results.filter(({ condition }) => condition === DEFAULT.name);
  const rows = categoriesOf(defaults).flatMap((category) => {
    const own = defaults.filter((result) => result.category === category);
    return own[0].thresholds.map(({ asked, alpha, heldOut, good }, i) => {
      const [low, high] = binomialInterval(good, alpha);
      const counts = own.map(({ thresholds }) => thresholds[i].falseAlarms);
      const outside = counts.filter((count) => count < low || count > high).length;
      const rates = own.map(({ thresholds }) => thresholds[i].found / thresholds[i].defective);
      return [
        category,
        percent(asked),
        percent(alpha),
        String(heldOut),
        `${counts.join(', ')} of ${good}`,
        `${low} to ${high}`,
        outside === 0 ? 'yes' : `${outside} of ${counts.length} outside`,
        cell(
          rates.map((rate) => 100 * rate),
          false,
        ),
      ];
    });
  });
  const head = ['', 'α asked', 'α held', 'held-out images', 'false alarms, a seed each'];
  return markdown([...head, 'expected (95 %)', 'within', 'defective found, %'], rows);
}

/** What the results were measured on. */
export function runLines(runs: readonly Run[], results: readonly Result[]): string[] {
  return runs.flatMap(({ run, machine, backends }) => {
    const own = results.filter((result) => result.run === run);
    if (own.length === 0) return [];
    const minutes = own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / 60;
    const what = `${own.length} results, ${minutes.toFixed(0)} CPU minutes`;
    const where = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`;
    return [`- ${run}: ${what}; ${where}; trained on ${backends.training}`];
  });
}

function categoriesOf(results: readonly Result[]): string[] {
  return [...new Set(results.map(({ category }) => category))].sort();
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Which jobs there are, and in which order. */
import { type Condition, DEFAULTS } from './conditions.js';
import { groupBy } from './group.js';
import type { Job } from './measure.js';

export interface Category {
  /** Of its dataset. */
  readonly path: string;
  readonly name: string;
  /** Good images that it has to learn from. */
  readonly images: number;
}

export interface Plan {
  readonly categories: readonly Category[];
  readonly seeds: readonly number[];
  readonly conditions: readonly Condition[];
  /** See `Job`. */
  readonly work: string;
}

/**
 * Conditions with one training are one job; those that are done are left out, and so is a training
 * on fewer images than there are where there are no more. First come, for all seeds, the trainings
 * that most rows of the tables hang on: the default one, then none at all. Then the others, seed by
 * seed, short ones first.
 */
export function jobsOf(
  { categories, seeds, conditions, work }: Plan,
  isDone: (category: string, seed: number, condition: Condition) => boolean,
): Job[] {
  const groups = groupBy(conditions, ({ training = {} }) => JSON.stringify(training));
  const jobs = seeds.flatMap((seed) =>
    groups.flatMap((members) =>
      categories.map(({ path, name, images }): Job => {
        const { training = {} } = members[0];
        const open = members.filter((condition) => !isDone(name, seed, condition));
        const makesSense = (training.images ?? 0) < images;
        return { path, category: name, seed, training, work, conditions: makesSense ? open : [] };
      }),
    ),
  );
  const rank = ({ training, seed }: Job): number => {
    if (Object.keys(training).length === 0) return 0;
    const { steps = DEFAULTS.steps } = training;
    return steps === 0 ? 1 : (1 + seeds.indexOf(seed)) * 1e6 + steps;
  };
  return jobs.filter((job) => job.conditions.length > 0).sort((a, b) => rank(a) - rank(b));
}

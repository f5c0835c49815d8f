/**
 * A histogram by camera whose buckets remember their last frame, as prom-client's own with exemplars; a
 * test holds the two to the same text. Made here because prom-client keeps and exports an object for each
 * bucket: with 50 cameras that was most of what a scrape cost.
 */
import type { Metric, Registry } from 'prom-client';
import { number, quotable } from './sample.js';

export interface FrameHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, rising; +Inf comes by itself. */
  readonly buckets: readonly number[];
}

/** What one camera had; each list has a place for +Inf at its end. */
interface Child {
  readonly counts: number[];
  /** Of the last frame in each bucket: its id, its value, and when that was (Unix seconds). */
  readonly frames: (string | undefined)[];
  readonly values: number[];
  readonly times: number[];
  sum: number;
}

export class FrameHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly labelNames = ['camera'];
  readonly #bounds: readonly number[];
  /** The text of each bucket before the value of its `camera` label. */
  readonly #heads: readonly string[];
  readonly #children = new Map<string, Child>();

  constructor(registry: Registry, { name, help, buckets }: FrameHistogramOptions) {
    this.name = name;
    this.help = help;
    this.#bounds = buckets;
    this.#heads = [...buckets, '+Inf'].map((le) => `${name}_bucket{le="${le}",camera="`);
    // A registry asks no more of a metric than what is here; its types name prom-client's classes.
    registry.registerMetric(this as unknown as Metric);
  }

  /** @param now milliseconds. A value that is no finite number would spoil the sum for good: it is left out. */
  observe(camera: string, value: number, frame: string, now: number): void {
    if (!Number.isFinite(value)) return;
    const child = this.#children.get(camera) ?? this.#begin(camera);
    const above = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = above < 0 ? this.#bounds.length : above;
    child.counts[bucket]++;
    child.sum += value;
    child.frames[bucket] = frame;
    child.values[bucket] = value;
    child.times[bucket] = now / 1000;
  }

  /** The lines of a scrape. */
  text(withExemplars: boolean): string {
    let out = '';
    for (const [camera, child] of this.#children) {
      const tail = `${quotable(camera)}"} `;
      let below = 0;
      for (const [bucket, head] of this.#heads.entries()) {
        below += child.counts[bucket];
        out += `${head}${tail}${below}`;
        if (withExemplars) out += exemplarText(child, bucket);
        out += '\n';
      }
      out += `${this.name}_sum{camera="${tail}${number(child.sum)}\n`;
      out += `${this.name}_count{camera="${tail}${below}\n`;
    }
    return out;
  }

  /** For whoever asks the registry and not `exposition`. */
  async get() {
    const { name, help, type, aggregator } = this;
    const values = [...this.#children].flatMap(([camera, child]) => this.#samples(camera, child));
    return { name, help, type, aggregator, values };
  }

  #begin(camera: string): Child {
    const zeros = () => this.#heads.map(() => 0);
    const frames = this.#heads.map(() => undefined);
    const child: Child = { counts: zeros(), frames, values: zeros(), times: zeros(), sum: 0 };
    this.#children.set(camera, child);
    return child;
  }

  #samples(camera: string, child: Child) {
    const { name } = this;
    let below = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, bucket) => {
      below += child.counts[bucket];
      const exemplar = exemplarOf(child, bucket);
      return { metricName: `${name}_bucket`, labels: { le, camera }, value: below, exemplar };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: { camera }, value: child.sum },
      { metricName: `${name}_count`, labels: { camera }, value: below },
    ];
  }
}

function exemplarText({ frames, values, times }: Child, bucket: number): string {
  const frame = frames[bucket];
  if (frame === undefined) return '';
  return ` # {frame_id="${quotable(frame)}"} ${values[bucket]} ${times[bucket]}`;
}

function exemplarOf({ frames, values, times }: Child, bucket: number) {
  const frame = frames[bucket];
  if (frame === undefined) return null;
  return { labelSet: { frame_id: frame }, value: values[bucket], timestamp: times[bucket] };
}

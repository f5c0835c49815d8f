/** What a PromQL expression asks for, by the grammar that Prometheus itself publishes. */
import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  readonly metric: string;
  /** Of its matchers. */
  readonly labels: readonly string[];
  /** As it is written, with its matchers, without range and offset. */
  readonly text: string;
}

export interface Expression {
  /** Parts of the text that are no PromQL. */
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `without`, `on` and the like. */
  readonly grouping: readonly string[];
}

export function parsePromql(text: string): Expression {
  const errors: string[] = [];
  const selectors: { metric: string; labels: string[]; text: string }[] = [];
  const grouping: string[] = [];
  parser.parse(text).iterate({
    enter({ type, name, from, to, node }) {
      const own = text.slice(from, to);
      if (type.isError) errors.push(`${text.slice(0, from)}⚠${text.slice(from)}`);
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [], text: own });
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') {
        selectors[selectors.length - 1].metric = own;
      }
      if (name !== 'LabelName') return;
      if (node.parent?.name === 'GroupingLabels') grouping.push(own);
      else selectors[selectors.length - 1].labels.push(own);
    },
  });
  return { errors, selectors, grouping };
}

/** Puts values in the place of Grafana's variables. */
export function substitute(expr: string, window = '5m', range = '1h'): string {
  return expr
    .replaceAll('$__rate_interval', window)
    .replaceAll('$__range', range)
    .replaceAll(/\$(camera|instance)/g, '.*');
}

/** How Prometheus wants labels and numbers to be written (text format 0.0.4 and OpenMetrics 1.0). */

export type Labels = Readonly<Record<string, string | number>>;

/** What names a time series, and the space before its value. */
export function series(name: string, labels: Labels): string {
  let written = '';
  for (const label in labels) {
    if (written !== '') written += ',';
    written += `${label}="${quotable(String(labels[label]))}"`;
  }
  return written === '' ? `${name} ` : `${name}{${written}} `;
}

export function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** For the value of a label. */
export function quotable(text: string): string {
  return /["\\\n]/.test(text) ? escaped(text).replaceAll('"', '\\"') : text;
}

/** For a help text. */
export function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** Numbers as people read them. */

/** A share of 1 as `5 %`, `14.3 %`. */
export function percent(share: number, digits = 1): string {
  return `${Number((100 * share).toFixed(digits))} %`;
}

/** A share of 1 with a fixed number of digits, for columns: `93.0 %`. */
export function percentColumn(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min` */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 59.5)
    return `${Math.floor(Math.round(seconds) / 60)} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(Math.round(minutes) / 60)} h ${Math.round(minutes) % 60} min`;
}

/** `812 B`, `4.0 KiB`, `1.3 MiB` */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 ** 2) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 ** 2).toFixed(1)} MiB`;
}

export function size({
  width,
  height,
}: {
  readonly width: number;
  readonly height: number;
}): string {
  return `${width}×${height}`;
}

/** `1 image`, `2 images` */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** The digits of an id that are shown to people. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** Lines of columns as wide as their widest cell; the first is flush left, the others right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
      .join('  ')
      .trimEnd(),
  );
}

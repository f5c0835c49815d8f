import fc from 'fast-check';

/** Pieces that mean something to a shell of one kind or another: paths, HTML, logs, labels, terminals. */
const PIECES = [
  ...['../', '..\\', '/etc/passwd', '\0', '%2e%2e%2f', '%00', '%', '?', '#', '.jpg', '.txt', ':'],
  ...[
    '<script>owned=1</script>',
    '<img src=x onerror=owned=1>',
    '"',
    "'",
    '>',
    '&lt;',
    '`',
    '{{7*7}}',
  ],
  ...['\n', '\r\n', '{"level":"error"}', '%s%o', '\u001b[2J', '\u0007', '\u0085', '\u2028'],
  ...['"} 1\n', '# EOF\n', '\\', ',le="1"', 'constructor', '__proto__', 'toString'],
  ...['\ud800', '\udc00', '\u202e', '\ufeff', '漢', '𝒳', 'x'.repeat(300)],
];

/** Camera and frame ids as somebody makes them who means harm. Never empty. */
export const hostileId: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 }).map((all) => all.join('')),
  fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
);

/** Different ids, the same each time. */
export function hostileIds(count: number): string[] {
  return [...new Set(fc.sample(hostileId, { numRuns: 2 * count, seed: 11 }))].slice(0, count);
}

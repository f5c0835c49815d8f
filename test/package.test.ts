/** What a user gets with `npm install`. */
import { execFileSync } from 'node:child_process';
import test from 'ava';

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

test('the package holds the program, its page and the message contract, no tests, no experiments', (t) => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [{ files }] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' })) as [Packed];
  const paths = files.map(({ path }) => path);
  for (const path of [
    'LICENSE',
    'README.md',
    'dist/src/cli/main.js',
    'dist/src/observe/page/index.html',
    'dist/src/stream/kafka/contract/asyncapi.yaml',
    'dist/src/stream/kafka/contract/result.schema.json',
  ]) {
    t.true(paths.includes(path), path);
  }
  t.false(paths.some((path) => path.includes('test') || path.includes('experiments')));
});

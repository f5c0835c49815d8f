import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { CONTRACT } from '../../helpers/kafka/contract.js';

const api = parse(readFileSync(`${CONTRACT}asyncapi.yaml`, 'utf8'));

/** Every `$ref` below a node. */
function references(node: unknown): string[] {
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === '$ref' ? [String(value)] : references(value),
  );
}

test('every reference of the AsyncAPI document leads somewhere', (t) => {
  const found = references(api);
  t.true(found.length >= 12);
  for (const reference of found) {
    if (reference.startsWith('./')) {
      t.true(existsSync(CONTRACT + reference), reference);
      continue;
    }
    const path = reference.replace(/^#\//, '').split('/');
    const target = path.reduce((node, name) => node?.[name], api);
    t.truthy(target, reference);
  }
});

test('each operation is what the worker does with a topic of DESIGN §7', (t) => {
  const operations = Object.values(api.operations as Record<string, { action: string }>);
  t.deepEqual(
    operations.map(({ action }) => action),
    ['receive', 'send', 'send', 'send'],
  );
  t.deepEqual(Object.keys(api.channels), ['frames', 'results', 'maps', 'deadLetters']);
});

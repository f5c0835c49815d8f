/** Real processes. */
import test from 'ava';
import type { BackendName } from '../../src/backend/backends.js';
import { type ProbeModel, probe } from '../../src/backend/probe.js';
import { viewRequest } from '../../src/detect/detector.js';
import { smallNetwork } from '../helpers/models.js';

const network = smallNetwork(1);
const model: ProbeModel = {
  network,
  views: ['rf64', 'stat8'].map((name) => viewRequest(network, name)),
  size: { width: 64, height: 80 },
};

test('every back end tells its rate', async (t) => {
  const results = await probe(['onnx', 'wasm'], model);
  t.deepEqual(
    results.map(({ name }) => name),
    ['onnx', 'wasm'],
  );
  for (const result of results) t.true('framesPerSecond' in result && result.framesPerSecond > 0);
});

test('one that crashes, exits or is unknown is a failure, and the others go on', async (t) => {
  const process = new URL('./crash-process.js', import.meta.url);
  const names = ['SIGSEGV', 'exit', 'on run', 'fine'] as unknown as BackendName[];
  const [segfault, exit, later, fine] = await probe(names, model, process);
  t.like(segfault, { name: 'SIGSEGV', failure: 'it crashed: SIGSEGV' });
  t.like(exit, { failure: 'its process ended with code 3' });
  t.like(later, { failure: 'it crashed: SIGABRT' });
  t.like(fine, { framesPerSecond: 500 });
  const [unknown] = await probe(['cuda' as BackendName], model);
  t.regex((unknown as { failure: string }).failure, /'cuda'/);
});

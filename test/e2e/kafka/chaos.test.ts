/** A short `npm run chaos`. */
import test from 'ava';
import { held, runChaos } from '../../helpers/kafka/chaos.js';
import { kafkaTest } from '../../helpers/kafka/lab.js';

const it = kafkaTest(test, { owned: true });

it('chaos: nothing lost, nothing out of order, dead letters are the poison', async (t) => {
  const report = await runChaos({ frames: 800, rate: 20, say: (line) => t.log(line) });
  t.log(report);
  t.true(held(report));
});

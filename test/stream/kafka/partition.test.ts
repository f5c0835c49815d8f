import test from 'ava';
import { Partition } from '../../../src/stream/kafka/partition.js';

const batch = (firstOffset: number, highWatermark: number) => ({
  firstOffset: String(firstOffset),
  highWatermark: String(highWatermark),
});

test('the first batch begins wherever the group was', (t) => {
  t.deepEqual(new Partition().begin(batch(500, 600)), { kind: 'continues' });
});

test('records that retention took before they were read are counted', (t) => {
  const partition = new Partition();
  partition.begin(batch(0, 10));
  partition.delivered('4');
  t.deepEqual(partition.begin(batch(9, 20)), { kind: 'gap', records: 4 });
  partition.delivered('9');
  t.deepEqual(partition.begin(batch(10, 20)), { kind: 'continues' });
});

test('a topic that was made again starts over, and its old frames commit nothing', (t) => {
  const partition = new Partition();
  partition.begin(batch(50, 60));
  const old = partition.window.deliver('50', 'old')!;
  partition.delivered('50');
  t.deepEqual(partition.begin(batch(0, 3)), { kind: 'restarted' });
  partition.window.deliver('0', 'new')!();
  old();
  t.is(partition.window.position, '1');
});

test('after a rebalance the batch begins at the committed offset, which is no restart', (t) => {
  const partition = new Partition();
  partition.begin(batch(0, 10));
  partition.delivered('8');
  partition.rewind();
  t.deepEqual(partition.begin(batch(3, 10)), { kind: 'continues' });
});

test('lag is what is not settled, not what is not delivered', (t) => {
  const partition = new Partition();
  partition.begin(batch(10, 15));
  t.is(partition.lag, 5);
  const settle = ['10', '11'].map((offset) => partition.window.deliver(offset, ''));
  partition.delivered('11');
  t.is(partition.lag, 5);
  settle[0]?.();
  t.is(partition.lag, 4);
  partition.window.committed('11');
  t.is(partition.lag, 4);
  settle[1]?.();
  t.is(partition.lag, 3);
});

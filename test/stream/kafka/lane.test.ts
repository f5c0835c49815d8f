import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { deferred } from '../../../src/deferred.js';
import { PatchlineError } from '../../../src/errors.js';
import { Lane, RecordTooLarge } from '../../../src/stream/kafka/lane.js';
import type { OutRecord } from '../../../src/stream/kafka/record.js';

const record = (name: string, bytes = 1): OutRecord => ({
  camera: 'cam',
  key: name,
  value: Buffer.alloc(bytes),
  headers: {},
});

/** As kafkajs wraps what a broker answers. */
const refusal = (type: string) =>
  Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type });

const namesOf = (records: readonly OutRecord[]) => records.map(({ key }) => key).join('');

/** A broker that answers when it is told to. */
function broker() {
  const requests: { names: string; answer: (error?: unknown) => void }[] = [];
  const send = (records: readonly OutRecord[]) => {
    const { promise, resolve, reject } = deferred();
    const answer = (error?: unknown) => (error === undefined ? resolve() : reject(error));
    requests.push({ names: namesOf(records), answer });
    return promise;
  };
  return { requests, send };
}

test('one request at a time; what waits meanwhile goes out together', async (t) => {
  const { requests, send } = broker();
  const lane = new Lane({ send });
  const first = lane.push(record('a'));
  await turn();
  const rest = ['b', 'c', 'd'].map((name) => lane.push(record(name)));
  await turn();
  t.deepEqual(
    requests.map(({ names }) => names),
    ['a'],
  );
  requests[0].answer();
  await first;
  await turn();
  t.deepEqual(
    requests.map(({ names }) => names),
    ['a', 'bcd'],
  );
  requests[1].answer();
  await Promise.all(rest);
  t.pass();
});

test('a request stays below the size that topics take by default', async (t) => {
  const { requests, send } = broker();
  const lane = new Lane({ send, maxBytes: 10 });
  const sent = [4, 5, 6, 20, 1].map((bytes, i) => lane.push(record(String(i), bytes)));
  for (let i = 0; i < 4; i++) {
    while (requests.length <= i) await turn();
    requests[i].answer();
  }
  await Promise.all(sent);
  t.deepEqual(
    requests.map(({ names }) => names),
    ['01', '2', '3', '4'],
  );
});

test('a record that is still being made keeps its place', async (t) => {
  const { requests, send } = broker();
  const lane = new Lane({ send });
  const late = deferred<OutRecord>();
  const sent = [lane.push(late.promise), lane.push(record('b'))];
  await turn();
  t.is(requests.length, 0);
  late.resolve(record('a'));
  while (requests.length === 0) await turn();
  t.is(requests[0].names, 'ab');
  requests[0].answer();
  await Promise.all(sent);
});

test('a record that cannot be made is left out, and holds up nothing', async (t) => {
  const { requests, send } = broker();
  const lane = new Lane({ send });
  const first = lane.push(record('a'));
  const broken = lane.push(Promise.reject(new Error('no picture')));
  const next = lane.push(record('c'));
  await t.throwsAsync(broken, { message: 'no picture' });
  while (requests.length === 0) await turn();
  t.is(requests[0].names, 'ac');
  requests[0].answer();
  await Promise.all([first, next]);
});

test('a failed request is sent again, the very same', async (t) => {
  const { requests, send } = broker();
  const retries: unknown[] = [];
  const lane = new Lane({ send, retryMs: 1, onRetry: (error) => retries.push(error) });
  const sent = [lane.push(record('a')), lane.push(record('b'))];
  while (requests.length < 1) await turn();
  const more = lane.push(record('c'));
  requests[0].answer(refusal('NOT_LEADER_FOR_PARTITION'));
  while (requests.length < 2) await turn();
  requests[1].answer(Object.assign(new Error('gone'), { name: 'KafkaJSConnectionClosedError' }));
  while (requests.length < 3) await turn();
  requests[2].answer();
  await Promise.all(sent);
  while (requests.length < 4) await turn();
  requests[3].answer();
  await more;
  // Never together with what came later: a broker that stored the first knows a repetition by it.
  t.deepEqual(
    requests.map(({ names }) => names),
    ['ab', 'ab', 'ab', 'c'],
  );
  t.is(retries.length, 2);
});

test('too large together: the halves go on their own; too large alone: that one is told', async (t) => {
  const requests: string[] = [];
  const send = async (records: readonly OutRecord[]) => {
    requests.push(namesOf(records));
    if (records.some(({ key }) => key === 'c')) throw refusal('MESSAGE_TOO_LARGE');
  };
  const lane = new Lane({ send });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const results = await Promise.allSettled(names.map((name) => lane.push(record(name))));
  t.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  t.true(results[2].status === 'rejected' && results[2].reason instanceof RecordTooLarge);
  t.deepEqual(requests.at(-1), 'de');
});

test('what is too large goes out shortened in its place, and is what was sent', async (t) => {
  const requests: string[] = [];
  const send = async (records: readonly OutRecord[]) => {
    if (records.some(({ key }) => key === 'b')) throw refusal('MESSAGE_TOO_LARGE');
    requests.push(namesOf(records));
  };
  const lane = new Lane({ send });
  const shorten = ({ key }: OutRecord) => record(`short ${key} `);
  const sent = ['a', 'b', 'c'].map((name) => lane.push(record(name), shorten));
  t.is(namesOf(await Promise.all(sent)), 'ashort b c');
  t.is(requests.join(''), 'ashort b c');
});

test('too large even when shortened: that one is told, and what is behind goes out', async (t) => {
  const send = async (records: readonly OutRecord[]) => {
    if (records.some(({ key }) => key !== 'c')) throw refusal('MESSAGE_TOO_LARGE');
  };
  const lane = new Lane({ send });
  const [long, next] = [lane.push(record('a'), () => record('b')), lane.push(record('c'))];
  await t.throwsAsync(long, { instanceOf: RecordTooLarge });
  await t.notThrowsAsync(next);
});

test('behind a record that will never be taken nothing is sent, whatever is waiting or comes', async (t) => {
  const { requests, send } = broker();
  const lane = new Lane({ send });
  const first = lane.push(record('a'));
  await turn();
  const waiting = lane.push(record('b'));
  requests[0].answer(refusal('INVALID_RECORD'));
  const refused = { message: 'INVALID_RECORD' };
  await t.throwsAsync(first, refused);
  await t.throwsAsync(waiting, refused);
  await t.throwsAsync(lane.push(record('c')), refused);
  t.is(requests.length, 1);
});

test('what will never be taken is not tried again', async (t) => {
  let requests = 0;
  const lane = new Lane({
    send: async () => {
      requests++;
      throw refusal('TOPIC_AUTHORIZATION_FAILED');
    },
  });
  await t.throwsAsync(lane.push(record('a')), { message: 'TOPIC_AUTHORIZATION_FAILED' });
  t.is(requests, 1);
});

test('an abort ends the attempts', async (t) => {
  const lane = new Lane({ send: () => Promise.reject(refusal('NOT_ENOUGH_REPLICAS')) });
  const sent = lane.push(record('a'));
  setTimeout(() => lane.abort(), 20);
  const error = await t.throwsAsync(sent, { instanceOf: PatchlineError });
  t.is(error.code, 'PL_ABORTED');
});

test('property: whatever fails on the way, the order is kept and nothing is lost or repeated', async (t) => {
  const outcome = fc.constantFrom('ok', 'ok', 'again', 'split');
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.array(outcome, { maxLength: 40 }),
      async (count, outcomes) => {
        const stored: string[] = [];
        const send = async (records: readonly OutRecord[]) => {
          await turn();
          const what = outcomes.shift() ?? 'ok';
          if (what === 'again') throw refusal('REQUEST_TIMED_OUT');
          if (what === 'split' && records.length > 1) throw refusal('MESSAGE_TOO_LARGE');
          stored.push(...records.map(({ key }) => String(key)));
        };
        const lane = new Lane({ send, retryMs: 0 });
        const pushed: string[] = [];
        const pushes = Array.from({ length: count }, async (_, i) => {
          for (let j = 0; j < i % 5; j++) await turn();
          pushed.push(String(i));
          await lane.push(record(String(i)));
        });
        await Promise.all(pushes);
        t.deepEqual(stored, pushed);
      },
    ),
    { numRuns: 50 },
  );
});

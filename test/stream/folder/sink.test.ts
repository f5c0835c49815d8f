import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { decodeMap } from '../../../src/localize/encode.js';
import { FolderSink, type FolderSinkOptions, fileName } from '../../../src/stream/folder/sink.js';
import { resultMessage } from '../../../src/stream/result.js';
import { frameOf } from '../../helpers/frames.js';
import { ANOMALOUS, GRID, OK, REJECTED } from '../../helpers/outcomes.js';

async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-sink-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function open(t: ExecutionContext, options?: FolderSinkOptions) {
  const folder = join(await emptyFolder(t), 'new', 'results');
  const sink = await FolderSink.open(folder, options);
  t.teardown(() => sink.close().catch(() => {}));
  return { folder, sink };
}

async function linesOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'results.jsonl'), 'utf8');
  return text.split('\n').slice(0, -1);
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('one line a frame, in the order of publishing; pictures beside', async (t) => {
  const { folder, sink } = await open(t);
  const frames = ['a', 'b', 'c'].map((id) => frameOf(`cam/${id}.png`, `bytes of ${id}`));
  await sink.publish(frames[0], OK);
  await sink.publish(frames[1], ANOMALOUS);
  await sink.publish(frames[2], REJECTED);
  await sink.close();
  const results = (await linesOf(folder)).map((line) => JSON.parse(line));
  t.deepEqual(results, [
    json(resultMessage(frames[0], OK)),
    json(resultMessage(frames[1], ANOMALOUS)),
    json(resultMessage(frames[2], REJECTED)),
  ]);
  t.deepEqual((await readdir(folder)).sort(), ['overlays', 'rejected', 'results.jsonl']);
  t.deepEqual(await readdir(join(folder, 'overlays')), ['cam%2Fb.png.jpg']);
  const overlay = await readFile(join(folder, 'overlays', 'cam%2Fb.png.jpg'));
  t.deepEqual(new Uint8Array(overlay), ANOMALOUS.overlay);
  const rejected = join(folder, 'rejected', 'cam%2Fc.png');
  t.is(await readFile(rejected, 'utf8'), 'bytes of c');
  t.is(await readFile(`${rejected}.txt`, 'utf8'), 'frame 7 is empty (0 bytes)\n');
});

test('maps are 16-bit PNGs that decode to the engine’s grid', async (t) => {
  const { folder, sink } = await open(t, { maps: true });
  await sink.publish(frameOf('a'), OK);
  const { rows, cols, stride, offset, scaleMin, scaleMax } = JSON.parse(
    await readFile(join(folder, 'maps', 'a.json'), 'utf8'),
  );
  t.deepEqual({ rows, cols, stride, offset }, { rows: 2, cols: 3, stride: 4, offset: 3.5 });
  t.deepEqual([scaleMin, scaleMax], [-1, 7.25]);
  const png = await readFile(join(folder, 'maps', 'a.png'));
  const scores = await decodeMap(png, { rows, cols, scaleMin, scaleMax });
  const tolerance = (scaleMax - scaleMin) / 65535 / 2 + 1e-6; // half a step, and float32
  for (const [i, score] of scores.entries()) t.true(Math.abs(score - GRID.scores[i]) <= tolerance);
});

test('lines of frames that are published at once do not mix', async (t) => {
  const { folder, sink } = await open(t);
  const regions = Array(50).fill(ANOMALOUS.regions[0]); // 4 kB a line
  const frames = Array.from({ length: 200 }, (_, n) => frameOf(`${n}`));
  await Promise.all(frames.map((frame) => sink.publish(frame, { ...OK, regions })));
  const ids = (await linesOf(folder)).map((line) => JSON.parse(line).frame.id);
  t.deepEqual(new Set(ids), new Set(frames.map(({ id }) => id)));
  t.is(ids.length, 200);
});

test('lines come in the order of publishing, however long the files of a frame take', async (t) => {
  const { folder, sink } = await open(t);
  const large = { ...ANOMALOUS, overlay: new Uint8Array(4e6) };
  const outcomes = [large, OK, REJECTED, OK, large, OK];
  await Promise.all(outcomes.map((outcome, n) => sink.publish(frameOf(`${n}`), outcome)));
  const ids = (await linesOf(folder)).map((line) => JSON.parse(line).frame.id);
  t.deepEqual(ids, ['0', '1', '2', '3', '4', '5']);
});

test('a second run appends; a line that was cut short spoils none', async (t) => {
  const { folder, sink } = await open(t);
  await sink.publish(frameOf('a'), OK);
  await sink.close();
  await writeFile(join(folder, 'results.jsonl'), '{"schema":"patchl', { flag: 'a' });
  for (const id of ['b', 'c']) {
    const next = await FolderSink.open(folder);
    await next.publish(frameOf(id), OK);
    await next.close();
  }
  const lines = await linesOf(folder);
  t.is(lines.length, 4);
  t.is(lines[1], '{"schema":"patchl');
  const ids = [lines[0], lines[2], lines[3]].map((line) => JSON.parse(line).frame.id);
  t.deepEqual(ids, ['a', 'b', 'c']);
});

const HOSTILE = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  'a\0b',
  'a\nb',
  'C:\\x',
  '*?"<>|',
];

test('any id gives one flat, harmless file name of its own', async (t) => {
  const ids = [
    ...HOSTILE,
    '%',
    '%2E',
    'ä',
    'a\ud800b', // half a character
    'x'.repeat(5000),
    `${'x'.repeat(4999)}y`,
    '漢'.repeat(100),
  ];
  const names = ids.map(fileName);
  t.is(new Set(names).size, ids.length);
  for (const name of names) t.regex(name, /^[^./\\\0\n:*?"<>|][^/\\\0\n:*?"<>|]{0,200}$/);
  const { folder, sink } = await open(t, { maps: true });
  for (const id of ids) {
    await sink.publish(frameOf(id), REJECTED);
    await sink.publish(frameOf(id), ANOMALOUS);
  }
  t.is((await readdir(join(folder, 'overlays'))).length, ids.length);
  t.is((await readdir(join(folder, 'rejected'))).length, 2 * ids.length);
  t.is((await linesOf(folder)).length, 2 * ids.length);
});

/** Ids that are made to meet: pieces of paths and of the names that the sink itself gives. */
const piece = fc.constantFrom(
  ...[
    'x',
    'X',
    '.txt',
    '.TXT',
    '.jpg',
    '%',
    '%2E',
    '%2Etxt',
    '%-',
    '-',
    '..',
    '/',
    '\\',
    '\0',
    '\n',
    ' ',
  ],
  ...['ä', '漢'.repeat(30), 'y'.repeat(160), 'y'.repeat(200)],
);
const ids = fc.uniqueArray(
  fc.oneof(
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')),
    fc.string(),
  ),
  { minLength: 2, maxLength: 12, selector: (id) => Buffer.from(id).toString() },
);

test('whatever the ids are, each rejected frame lies there as it came, beside its reason', async (t) => {
  await fc.assert(
    fc.asyncProperty(ids, async (given) => {
      const { folder, sink } = await open(t);
      for (const id of given) {
        await sink.publish(frameOf(id, `bytes of ${id}`), { ...REJECTED, message: `why ${id}` });
      }
      await sink.close();
      t.deepEqual((await readdir(folder)).sort(), ['overlays', 'rejected', 'results.jsonl']);
      const rejected = join(folder, 'rejected');
      const contents = await Promise.all(
        (await readdir(rejected)).map((name) => readFile(join(rejected, name), 'utf8')),
      );
      const expected = given.flatMap((id) => [`bytes of ${id}`, `why ${id}\n`]);
      t.deepEqual(contents.sort(), expected.map((text) => Buffer.from(text).toString()).sort());
    }),
    { numRuns: 60 },
  );
});

test('a name that people write stays readable', (t) => {
  t.is(fileName('cam 1/part-0042_b.png'), 'cam%201%2Fpart-0042_b.png');
});

test('a folder that cannot be made is refused', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'file'), '');
  const error = await t.throwsAsync(FolderSink.open(join(folder, 'file', 'results')), {
    code: 'PL_SINK',
    message: /results cannot be written to .*file.results: ENOTDIR/,
  });
  t.regex((error as { hint?: string }).hint ?? '', /may be written/);
});

test('a folder that may not be written to is refused', async (t) => {
  if (process.getuid?.() === 0) {
    t.pass('root may write anywhere');
    return;
  }
  const folder = await emptyFolder(t);
  await chmod(folder, 0o500);
  await t.throwsAsync(FolderSink.open(join(folder, 'results')), { code: 'PL_SINK' });
});

test('a folder that is removed under way is an error of the next frame, whatever it is', async (t) => {
  for (const outcome of [OK, ANOMALOUS, REJECTED]) {
    const { folder, sink } = await open(t);
    await sink.publish(frameOf('a'), outcome);
    await rm(folder, { recursive: true });
    await t.throwsAsync(sink.publish(frameOf('b'), outcome), {
      code: 'PL_SINK',
      message: /results cannot be written to .*(was deleted|ENOENT)/,
    });
    await t.notThrowsAsync(sink.close());
  }
});

test('after a line that failed none is written', async (t) => {
  const { sink } = await open(t);
  await sink.close();
  const first = t.throwsAsync(sink.publish(frameOf('a'), OK), { code: 'PL_SINK' });
  const second = t.throwsAsync(sink.publish(frameOf('b'), OK), { code: 'PL_SINK' });
  await Promise.all([first, second]);
});

test('a full disk is a clear error, and all lines before it are whole', async (t) => {
  const mountPoint = await emptyFolder(t);
  const run = promisify(execFile);
  const mounting = run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mountPoint]);
  const isMounted = await mounting.then(
    () => true,
    () => false,
  );
  if (!isMounted) {
    t.log('skipped: a small disk can be made by root on Linux alone');
    t.pass();
    return;
  }
  try {
    const sink = await FolderSink.open(mountPoint);
    const published: string[] = [];
    const error = await (async () => {
      for (let n = 0; n < 1000; n++) {
        await sink.publish(frameOf(`${n}`), OK);
        published.push(`${n}`);
      }
    })().catch((reason: unknown) => reason);
    t.like(error, { code: 'PL_SINK' });
    t.regex((error as Error).message, /ENOSPC/);
    await sink.close();
    const ids = (await linesOf(mountPoint)).map((line) => JSON.parse(line).frame.id);
    t.deepEqual(ids, published);
    t.true(published.length > 10);
  } finally {
    await run('umount', [mountPoint]);
  }
});

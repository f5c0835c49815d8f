import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { png, surface } from '../helpers/images.js';
import { testModelDir } from '../helpers/model.js';

const SIZE = { width: 96, height: 64 };
const CAMERAS = ['left', 'right'];
const IMAGES = 6;

let model: string;
let frames: string;

test.before(async () => {
  model = await testModelDir(SIZE);
  frames = await mkdtemp(join(tmpdir(), 'patchline-frames-'));
  for (const camera of CAMERAS) {
    await mkdir(join(frames, camera));
    for (let n = 0; n < IMAGES; n++) {
      await writeFile(join(frames, camera, `${n}.png`), await png(surface(SIZE, n)));
    }
  }
});

test.after.always(() => rm(frames, { recursive: true, force: true }));

class Run {
  readonly child: ChildProcess;
  readonly results: string;
  stderr = '';

  constructor(t: ExecutionContext, results: string, rounds: number) {
    const script = fileURLToPath(new URL('./worker-process.js', import.meta.url));
    const args = [script, model, frames, results, `${rounds}`];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.results = results;
    t.teardown(() => this.child.kill('SIGKILL'));
  }

  async text(): Promise<string> {
    return readFile(join(this.results, 'results.jsonl'), 'utf8').catch(() => '');
  }

  async reachLines(count: number): Promise<void> {
    while ((await this.text()).split('\n').length <= count) {
      if (this.child.exitCode !== null) throw new Error(`it has ended: ${this.stderr}`);
      await sleep(10);
    }
  }

  /** Exit code, or the signal that ended it. */
  async end(): Promise<number | string> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.child.exitCode ?? this.child.signalCode ?? 'unknown';
  }
}

async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-results-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const idsOf = (lines: readonly string[]): string[] =>
  lines.map((line) => JSON.parse(line).frame.id);

/** Ids of a camera's first frames, in order. */
function expectedIds(camera: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const round = Math.floor(i / IMAGES);
    return `${camera}/${i % IMAGES}.png${round === 0 ? '' : `#${round}`}`;
  });
}

function assertInOrder(t: ExecutionContext, ids: readonly string[]): void {
  for (const camera of CAMERAS) {
    const own = ids.filter((id) => id.startsWith(camera));
    t.deepEqual(own, expectedIds(camera, own.length));
  }
}

test('a folder is judged to its end, and the process ends', async (t) => {
  const run = new Run(t, await emptyFolder(t), 2);
  t.is(await run.end(), 0, run.stderr);
  const ids = idsOf((await run.text()).trimEnd().split('\n'));
  t.is(ids.length, 2 * IMAGES * CAMERAS.length);
  assertInOrder(t, ids);
});

test('SIGTERM drains: no frame is cut, none is left out, exit code 0', async (t) => {
  const run = new Run(t, await emptyFolder(t), 1e6);
  await run.reachLines(20);
  run.child.kill('SIGTERM');
  t.is(await run.end(), 0, run.stderr);
  const text = await run.text();
  t.true(text.endsWith('\n'));
  assertInOrder(t, idsOf(text.trimEnd().split('\n')));
});

test('after kill -9 all lines but the last are whole, and the next run appends', async (t) => {
  const results = await emptyFolder(t);
  const killed = new Run(t, results, 1e6);
  await killed.reachLines(20);
  killed.child.kill('SIGKILL');
  t.is(await killed.end(), 'SIGKILL');
  const before = (await killed.text()).split('\n').slice(0, -1); // what follows was cut short
  assertInOrder(t, idsOf(before));
  const next = new Run(t, results, 1);
  t.is(await next.end(), 0, next.stderr);
  const after = (await next.text()).trimEnd().split('\n');
  t.deepEqual(after.slice(0, before.length), before);
  const added = after.slice(-IMAGES * CAMERAS.length);
  assertInOrder(t, idsOf(added));
  t.true(after.length - before.length - added.length <= 1);
});

test('results that vanish end the process with code 1 and say why', async (t) => {
  const results = join(await emptyFolder(t), 'results');
  const run = new Run(t, results, 1e6);
  await run.reachLines(5);
  await rm(results, { recursive: true, force: true, maxRetries: 10 });
  t.is(await run.end(), 1);
  t.regex(run.stderr, /results cannot be written to .*results: .*\n {2}→ check that the folder/);
});

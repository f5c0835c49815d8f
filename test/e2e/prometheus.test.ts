/**
 * The real Prometheus and Alertmanager with the files of deploy/, on real workers: defects become a
 * notification, and no panel of a dashboard is empty.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { png, surface, withDefect } from '../helpers/images.js';
import { kafkaTest, Lab, until } from '../helpers/kafka/lab.js';
import { argumentsFor, Run } from '../helpers/kafka/run.js';
import { testModelDir } from '../helpers/model.js';
import { Alertmanager } from '../helpers/prometheus/alertmanager.js';
import { FILES, PANELS } from '../helpers/prometheus/dashboards.js';
import { Prometheus, type Series } from '../helpers/prometheus/prometheus.js';
import { parsePromql, substitute } from '../helpers/prometheus/promql.js';
import { Receiver } from '../helpers/prometheus/receiver.js';
import { ALERTS, RECORDINGS } from '../helpers/prometheus/rules.js';
import { KAFKA_SERIES } from '../helpers/prometheus/series.js';
import { prometheusTest } from '../helpers/prometheus/tools.js';

const it = prometheusTest(test);
/** Without a broker, what only Kafka has is left out; that is said loudly. */
const withKafka = it === test && kafkaTest(test) === test.serial;

const SIZE = { width: 96, height: 64 };
/** Drift is stated from 100 frames on. */
const FRAMES = 120;
/** Each step takes seconds; this is for a machine that does much else. */
const PATIENCE_MS = 60_000;
/** In the place of $__rate_interval: some scrapes. */
const WINDOW = '8s';
/** What the graphs show. */
const SECONDS = 20;

/** A line: a process that judges, and how it is given a frame. */
interface Line {
  readonly run: Run;
  put(camera: string, image: Uint8Array): Promise<unknown>;
}

async function folderLine(t: ExecutionContext, model: string): Promise<Line> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-incoming-'));
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const run = new Run(['--model', model, '--source', folder, '--watch', '--alarm-after', '3/5']);
  let n = 0;
  return {
    run,
    async put(camera, image) {
      const name = `${n++}`.padStart(6, '0');
      await mkdir(join(folder, camera), { recursive: true });
      await writeFile(join(folder, camera, `.${name}`), image); // hidden until it is whole
      await rename(join(folder, camera, `.${name}`), join(folder, camera, `${name}.png`));
    },
  };
}

async function kafkaLine(t: ExecutionContext, model: string): Promise<Line> {
  const lab = await Lab.open();
  t.teardown(() => lab.close());
  const site = await lab.site();
  const run = new Run(['--model', model, ...argumentsFor(site), '--max-age', '1m']);
  const topic = `${site.topics.prefix}${site.topics.frames}`;
  const old = { key: 'belt', value: 'old', headers: { 'captured-at': '2020-01-01T00:00:00Z' } };
  await lab.send(topic, [old]);
  const put = (key: string, value: Uint8Array) =>
    lab.send(topic, [{ key, value: Buffer.from(value) }]);
  return { run, put };
}

/** Good frames until the test ends. */
function keepFeeding(t: ExecutionContext, line: Line, camera: string, images: Uint8Array[]) {
  const halt = new AbortController();
  t.teardown(() => halt.abort());
  void (async () => {
    for (let n = 0; !halt.signal.aborted; n++) {
      await line.put(camera, images[n % images.length]);
      await sleep(n < FRAMES ? 20 : 250);
    }
  })().catch(() => {}); // its folder or its broker is gone: the test is over
}

const addressOf = ({ run }: Line) => new URL(run.url).host;
const isAnswered = (series: Series[]) => series.some(({ values }) => values.length > 0);
const isOfKafka = (expr: string) =>
  parsePromql(substitute(expr)).selectors.some(({ metric }) => KAFKA_SERIES.has(metric));
const isAsked = (expr: string) => withKafka || !isOfKafka(expr);

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = sleep(ms, undefined, { ref: false }).then(() => {
    throw new Error(`nothing came within ${ms} ms`);
  });
  return Promise.race([promise, late]);
}

/** Queries of panels and annotations without an answer. */
async function emptyQueries(prometheus: Prometheus): Promise<string[]> {
  const panels = PANELS.flatMap(({ file, title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr, seconds: SECONDS })),
  );
  const annotations = Object.entries(FILES).flatMap(([file, dashboard]) =>
    dashboard.annotations.list.map(({ name, expr = '' }) => ({
      where: `${file}: ${name}`,
      expr,
      seconds: 300, // they mark beginnings, which may be over
    })),
  );
  const asked = [...panels, ...annotations].filter(({ expr }) => isAsked(expr));
  const empty: string[] = [];
  for (const { where, expr, seconds } of asked) {
    const answer = await prometheus.range(substitute(expr, WINDOW, `${SECONDS}s`), seconds);
    if (!isAnswered(answer)) empty.push(`${where}: ${expr}`);
  }
  return empty;
}

/** What rules ask for that is not there: a label value that nobody exports, for example. */
async function emptySelectors(prometheus: Prometheus): Promise<string[]> {
  const all = [...ALERTS, ...RECORDINGS].flatMap(({ expr }) => parsePromql(expr).selectors);
  const texts = new Set(all.map(({ text }) => text).filter(isAsked));
  const empty: string[] = [];
  for (const text of texts) if (!isAnswered(await prometheus.query(text))) empty.push(text);
  return empty;
}

it('defects become a notification, and every panel has an answer', async (t) => {
  const model = await testModelDir(SIZE);
  const good = await Promise.all([50, 51, 52, 53].map((n) => png(surface(SIZE, n))));
  const defect = await png(withDefect(surface(SIZE, 54), 40, 24));
  const belt = await folderLine(t, model);
  const lines = [belt, ...(withKafka ? [await kafkaLine(t, model)] : [])];
  t.teardown(() => Promise.all(lines.map(({ run }) => run.signal('SIGKILL'))));
  for (const { run } of lines) {
    await until('the worker to run', () => run.ended || /"page":/.test(run.stderr));
    t.false(run.ended, run.stderr);
  }

  const receiver = await Receiver.start();
  t.teardown(() => receiver.close());
  const alertmanager = await Alertmanager.start(receiver.url);
  t.teardown(() => alertmanager.close());
  const targets = lines.map(addressOf);
  const prometheus = await Prometheus.start({ targets, alertmanager: alertmanager.address });
  t.teardown(() => prometheus.close());

  for (const line of lines) keepFeeding(t, line, 'left', good);
  keepFeeding(t, belt, 'right', good);
  const judged = 'sum(patchline_frames_total{camera="left", outcome="ok"})';
  await until(
    'the first frames',
    async () => {
      const [series] = await prometheus.query(judged);
      return (series?.values[0] ?? 0) > lines.length * 20;
    },
    PATIENCE_MS,
  );

  const paged = receiver.firing('PatchlineLineAlarm');
  const begin = performance.now();
  for (let n = 0; n < 5; n++) await belt.put('right', defect);
  for (const line of lines) await line.put('left', Buffer.from('no image'));
  const { path, labels, annotations } = await within(PATIENCE_MS, paged);
  const delay = (performance.now() - begin) / 1000;
  t.log(`defect to webhook: ${delay.toFixed(1)} s (scrapes and rules each second, group_wait 5 s)`);
  t.is(path, '/page');
  t.like(labels, { camera: 'right', severity: 'page' });
  t.false('grafana_url' in labels);
  t.is(annotations.summary, 'Defects in a row at right');
  t.regex(annotations.dashboard_url, /^http:.*\/d\/patchline-camera\?var-camera=right$/);
  t.regex(annotations.runbook_url, /^https:.*runbook\.md#patchlinelinealarm$/);

  let empty: string[] = [];
  await until(
    'panels',
    async () => {
      empty = [...(await emptyQueries(prometheus)), ...(await emptySelectors(prometheus))];
      return empty.length === 0;
    },
    PATIENCE_MS,
  ).catch(() => {});
  t.deepEqual(empty, []);
  const frames = await prometheus.exemplars('patchline_frame_score_bucket', SECONDS);
  t.true(frames.some((id) => /^(left|right)\/\d+\.png$/.test(id)));
});

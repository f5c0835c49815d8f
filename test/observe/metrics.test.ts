import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'ava';
import { Counter, Gauge, Registry } from 'prom-client';
import { exposition } from '../../src/observe/exposition.js';
import { boundedId } from '../../src/observe/ids.js';
import { kafkaMetrics } from '../../src/observe/kafka-metrics.js';
import { Metrics, type MetricsOptions } from '../../src/observe/metrics.js';
import type { Standing } from '../../src/watch/standing.js';
import { hostileIds } from '../helpers/hostile.js';
import { frameOf, judgementOf, REJECTION } from './synthetic.js';

const STANDING: Standing = {
  line: { state: 'alarm', before: 'warning', anomalous: 3, of: 5 },
  drift: { value: -0.25, limit: 0.125, warning: true, changed: true },
  alpha: 0.05,
};

function metricsOf(options: MetricsOptions = {}) {
  const registry = new Registry();
  const metrics = new Metrics(registry, { nodeMetrics: false, ...options });
  const lines = async (format: 'text' | 'openmetrics' = 'text') =>
    (await exposition(registry, format)).split('\n');
  return { registry, metrics, lines };
}

// Dashboards and alerts rely on these: renaming one is a breaking change.
const NAMES_AND_TYPES = [
  'patchline_anomalous_frames_total counter',
  'patchline_build_info gauge',
  'patchline_calibrated_false_alarm_ratio gauge',
  'patchline_credits_bytes gauge',
  'patchline_credits_frames gauge',
  'patchline_encoder_failures_total counter',
  'patchline_encoder_memory_bytes gauge',
  'patchline_encoder_tensors gauge',
  'patchline_event_loop_utilization_ratio gauge',
  'patchline_frame_latency_seconds histogram',
  'patchline_frame_score histogram',
  'patchline_frames_total counter',
  'patchline_in_flight_bytes gauge',
  'patchline_in_flight_frames gauge',
  'patchline_last_frame_timestamp_seconds gauge',
  'patchline_line_alarms_total counter',
  'patchline_line_state gauge',
  'patchline_model_info gauge',
  'patchline_rejected_frames_total counter',
  'patchline_score_drift gauge',
  'patchline_score_drift_limit gauge',
  'patchline_stage_duration_seconds histogram',
  'patchline_threshold gauge',
  'patchline_up_state gauge',
];

test('names and types are stable', async (t) => {
  const { lines } = metricsOf();
  const types = (await lines()).filter((line) => line.startsWith('# TYPE '));
  t.deepEqual(types.map((line) => line.slice('# TYPE '.length)).sort(), NAMES_AND_TYPES);
});

test('names follow the rules of Prometheus', async (t) => {
  const { registry } = metricsOf();
  for (const line of NAMES_AND_TYPES) {
    const [name, type] = line.split(' ');
    t.is(name.endsWith('_total'), type === 'counter', name);
    t.notRegex(name, /(_ms|milli|micro|percent|_kb|_mb)/i, 'base units');
  }
  for (const { name, help } of registry.getMetricsAsArray()) {
    t.true(help.length > 40 && help.endsWith('.'), `${name} says what to do`);
  }
});

test('each frame counts once, by its outcome', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.frameSettled(frameOf('cam-1'), judgementOf(3));
  metrics.frameSettled(frameOf('cam-1'), judgementOf(4));
  metrics.frameSettled(frameOf('cam-1'), judgementOf(30));
  metrics.frameSettled(frameOf('cam-1'), REJECTION);
  metrics.frameStale(frameOf('cam-2'), 7_000);
  const counted = (await lines()).filter((line) =>
    /^patchline_(anomalous_)?frames_total/.test(line),
  );
  t.deepEqual(counted, [
    'patchline_frames_total{camera="cam-1",outcome="ok"} 2',
    'patchline_frames_total{camera="cam-1",outcome="anomalous"} 1',
    'patchline_frames_total{camera="cam-1",outcome="rejected"} 1',
    'patchline_frames_total{camera="cam-2",outcome="stale"} 1',
    'patchline_anomalous_frames_total{camera="cam-1"} 1',
  ]);
  t.true((await lines()).includes('patchline_last_frame_timestamp_seconds{camera="cam-2"} 7'));
});

test('milliseconds become seconds, from capture to now', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.frameSettled(frameOf('c', 'f', 1_000), judgementOf(3, { threshold: 12.5 }), 1_250);
  metrics.stage('publish', 40);
  const text = await lines();
  t.true(text.includes('patchline_frame_latency_seconds_sum{camera="c"} 0.25'));
  t.true(text.includes('patchline_frame_latency_seconds_bucket{le="0.1",camera="c"} 0'));
  t.true(text.includes('patchline_frame_latency_seconds_bucket{le="0.25",camera="c"} 1'));
  t.true(text.includes('patchline_frame_score_sum{camera="c"} 3'));
  t.true(text.includes('patchline_threshold{camera="c"} 12.5'));
  t.true(text.includes('patchline_stage_duration_seconds_sum{stage="encode"} 0.02'));
  t.true(text.includes('patchline_stage_duration_seconds_sum{stage="publish"} 0.04'));
  t.false(
    text.some((line) => line.includes('stage="overlay"')),
    'it did not run',
  );
});

test('a capture time in the future is no negative latency', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.frameSettled(frameOf('c', 'f', 9_000), judgementOf(3), 1_000);
  t.true((await lines()).includes('patchline_frame_latency_seconds_sum{camera="c"} 0'));
});

test('no number is able to throw out of a frame path', async (t) => {
  const { metrics, lines } = metricsOf();
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const judgement = judgementOf(bad, { threshold: bad });
    const timings = { ...judgement.timings, encode: bad };
    t.notThrows(() => metrics.frameSettled(frameOf('c', 'f', bad), { ...judgement, timings }));
    t.notThrows(() => metrics.stage('publish', bad));
  }
  const text = (await lines()).join('\n');
  t.notRegex(text, / (nan|[+-]?inf)$/im);
  t.regex(text, /patchline_frames_total\{camera="c",outcome="ok"\} 3/);
});

test('exemplars lead from a bucket to a frame, in OpenMetrics only', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.frameSettled(frameOf('c', 'frames-0-17', 1_000), judgementOf(30), 1_030);
  const exemplar = / # \{frame_id="frames-0-17"\} (0\.03|30) \d/;
  const open = (await lines('openmetrics')).filter((line) => exemplar.test(line));
  t.deepEqual(
    open.map((line) => line.split(' ')[0]),
    [
      'patchline_frame_latency_seconds_bucket{le="0.05",camera="c"}',
      'patchline_frame_score_bucket{le="30",camera="c"}',
    ],
  );
  t.false((await lines()).some((line) => line.includes('frames-0-17')));
});

test('a hostile frame id fits into an exemplar', async (t) => {
  const { metrics, lines } = metricsOf();
  const id = `"}\n# EOF\n${'x'.repeat(5000)}`;
  t.notThrows(() => metrics.frameSettled(frameOf('c', id), judgementOf(30)));
  const text = await lines('openmetrics');
  t.is(text.filter((line) => line === '# EOF').length, 1);
});

test('scrapes of both formats at once do not disturb each other', async (t) => {
  const { registry, metrics } = metricsOf();
  metrics.frameSettled(frameOf('c'), judgementOf(3));
  const formats = (['text', 'openmetrics', 'text', 'openmetrics', 'text'] as const).map((format) =>
    exposition(registry, format),
  );
  const [text, open, ...rest] = await Promise.all(formats);
  t.regex(text, /# TYPE patchline_frames_total counter\npatchline_frames_total\{/);
  t.regex(open, /# TYPE patchline_frames counter\npatchline_frames_total\{/);
  t.true(open.endsWith('# EOF\n'));
  const stable = (exposed: string) =>
    exposed.replace(/(patchline_event_loop_utilization_ratio) [\d.e-]+/g, '$1');
  t.deepEqual(rest.map(stable), [text, open, text].map(stable));
});

for (const format of ['text', 'openmetrics'] as const) {
  test(`${format} is what prom-client writes, byte for byte`, async (t) => {
    const { registry, metrics } = metricsOf();
    for (const camera of ['a', 'b "\\\n']) {
      metrics.frameSettled(frameOf(camera, `${camera}-7`), {
        ...judgementOf(30),
        standing: STANDING,
      });
      metrics.frameSettled(frameOf(camera), REJECTION);
    }
    new Gauge({ name: 'infinite', help: 'A \\ in it\nand more.', registers: [registry] }).set(
      1 / 0,
    );
    new Counter({
      name: 'unused_total',
      help: 'Nothing.',
      labelNames: ['x'],
      registers: [registry],
    });
    registry.removeSingleMetric('patchline_event_loop_utilization_ratio'); // another one each time
    const ours = await exposition(registry, format);
    const theirs = Registry.merge([registry]);
    if (format === 'openmetrics') {
      Object.assign(theirs, { _contentType: Registry.OPENMETRICS_CONTENT_TYPE });
    }
    t.is(ours, await theirs.metrics());
  });
}

test('cameras beyond the cap share one label', async (t) => {
  const { metrics, lines } = metricsOf({ cameras: { cap: 2 } });
  for (let i = 0; i < 1000; i++) metrics.frameSettled(frameOf(`cam-${i}`), judgementOf(3));
  metrics.frameSettled(frameOf('cam-1'), judgementOf(3));
  const frames = (await lines()).filter((line) => line.startsWith('patchline_frames_total{'));
  t.deepEqual(frames, [
    'patchline_frames_total{camera="cam-0",outcome="ok"} 1',
    'patchline_frames_total{camera="cam-1",outcome="ok"} 2',
    'patchline_frames_total{camera="other",outcome="ok"} 998',
  ]);
});

test('with an allow-list only its cameras have a label', async (t) => {
  const { metrics, lines } = metricsOf({ cameras: { allow: ['b'] } });
  for (const camera of ['a', 'b', 'c']) metrics.frameSettled(frameOf(camera), judgementOf(3));
  const frames = (await lines()).filter((line) => line.startsWith('patchline_frames_total{'));
  t.deepEqual(
    frames.map((line) => /camera="(\w+)"/.exec(line)?.[1]),
    ['other', 'b'],
  );
});

test('a camera id is one label value, whatever is in it', async (t) => {
  const { metrics, lines } = metricsOf();
  const hostile = [
    '"} 1\nevil 2',
    '\\',
    '__proto__',
    'a\u0000b',
    'a",outcome="ok',
    '\ud800',
    'x'.repeat(9999),
  ];
  for (const camera of hostile) metrics.frameSettled(frameOf(camera), judgementOf(3));
  const frames = (await lines()).filter((line) => line.startsWith('patchline_frames_total{'));
  t.is(frames.length, hostile.length);
  for (const line of frames) {
    t.regex(line, /^patchline_frames_total\{camera="([^"\\\p{Cc}]|\\["\\n])*",outcome="ok"\} 1$/u);
    t.true(line.length < 200);
  }
});

test('how a camera stands: line state, alarms, drift, promised false alarms', async (t) => {
  const { metrics, lines } = metricsOf({ cameras: { cap: 1 } });
  const stands = (camera: string, line: Standing['line']) =>
    metrics.frameSettled(frameOf(camera), { ...judgementOf(3), standing: { ...STANDING, line } });
  const { line } = STANDING;
  stands('c', { ...line, state: 'alarm', before: 'warning' });
  stands('c', { ...line, state: 'alarm', before: 'alarm' });
  stands('c', { ...line, state: 'warning', before: 'alarm' });
  stands('c', { ...line, state: 'alarm', before: 'warning' });
  stands('beyond the cap', { ...line, state: 'alarm', before: 'warning' });
  const told = /^patchline_(line|score_drift|calibrated)/;
  const standing = (await lines()).filter((text) => told.test(text));
  t.deepEqual(standing.sort(), [
    'patchline_calibrated_false_alarm_ratio{camera="c"} 0.05',
    'patchline_line_alarms_total{camera="c"} 2',
    'patchline_line_alarms_total{camera="other"} 1',
    'patchline_line_state{camera="c",state="alarm"} 1',
    'patchline_line_state{camera="c",state="ok"} 0',
    'patchline_line_state{camera="c",state="warning"} 0',
    'patchline_score_drift_limit{camera="c"} 0.125',
    'patchline_score_drift{camera="c"} -0.25',
  ]);
});

test('of a camera that another worker has now only the counts stay; cameras that share a label stay', async (t) => {
  const { registry, metrics, lines } = metricsOf({ cameras: { cap: 1 } });
  for (const camera of ['c', 'beyond the cap']) {
    metrics.frameSettled(frameOf(camera), { ...judgementOf(3), standing: STANDING });
    metrics.cameraForgotten(camera);
  }
  const kinds = new Map(registry.getMetricsAsArray().map(({ name, type }) => [name, type]));
  const gauges = (await lines()).filter((text) => {
    const [, name, camera] = /^(\w+)\{.*camera="([^"]+)"/.exec(text) ?? [];
    return camera !== undefined && String(kinds.get(name)) === 'gauge';
  });
  t.deepEqual(gauges.sort(), [
    `patchline_last_frame_timestamp_seconds{camera="other"} ${gauges[0].split(' ')[1]}`,
    'patchline_threshold{camera="other"} 10',
  ]);
  t.true((await lines()).includes('patchline_frames_total{camera="c",outcome="ok"} 1'));
});

test('why frames were rejected', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.frameSettled(frameOf('c'), REJECTION);
  metrics.frameSettled(frameOf('c'), { ...REJECTION, code: 'PL_MESSAGE' });
  t.deepEqual(
    (await lines()).filter((text) => text.startsWith('patchline_rejected_frames_total{')),
    [
      'patchline_rejected_frames_total{camera="c",reason="PL_IMAGE_UNREADABLE"} 1',
      'patchline_rejected_frames_total{camera="c",reason="PL_MESSAGE"} 1',
    ],
  );
});

const PROMTOOL = '/usr/bin/promtool';
if (!existsSync(PROMTOOL)) process.stderr.write(`SKIPPED: no ${PROMTOOL} to check metrics\n`);

(existsSync(PROMTOOL) ? test : test.skip)(
  'promtool reads our metrics and has nothing to say, whatever the cameras are called',
  async (t) => {
    const { registry, metrics } = metricsOf();
    kafkaMetrics(metrics, 'frames').lag?.(0, 7);
    const cameras = ['c', ...hostileIds(150)];
    for (const camera of cameras) {
      metrics.frameSettled(frameOf(camera, camera), { ...judgementOf(30), standing: STANDING });
      metrics.frameSettled(frameOf(camera), REJECTION);
    }
    const counted = (await exposition(registry, 'text')).match(
      /^patchline_anomalous_frames_total\{/gm,
    );
    t.is(counted?.length, new Set(cameras.map(boundedId)).size, 'each in one series');
    const checked = spawnSync(PROMTOOL, ['check', 'metrics'], {
      input: await exposition(registry, 'text'),
      encoding: 'utf8',
    });
    t.deepEqual([checked.status, checked.stdout, checked.stderr], [0, '', '']);
  },
);

test('the state is a set: one is 1', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.state('draining');
  const states = (await lines()).filter((line) => line.startsWith('patchline_up_state{'));
  t.deepEqual(states, [
    'patchline_up_state{state="idle"} 0',
    'patchline_up_state{state="starting"} 0',
    'patchline_up_state{state="running"} 0',
    'patchline_up_state{state="draining"} 1',
    'patchline_up_state{state="stopped"} 0',
    'patchline_up_state{state="failed"} 0',
  ]);
});

test('gauges show the last value, facts the last models', async (t) => {
  const { metrics, lines } = metricsOf();
  metrics.credits({ frames: 8, bytes: 1_000 });
  metrics.inFlight({ frames: 3, bytes: 300 });
  metrics.encoder({ memoryBytes: 4096, tensors: 12, failures: 2 });
  metrics.build({ version: '1.2.3', backend: 'wasm' });
  metrics.models([{ id: 'old', name: 'old' }]);
  metrics.models([
    { id: 'abc', name: 'steel' },
    { id: 'def', name: 'tin' },
  ]);
  const text = await lines();
  for (const line of [
    'patchline_credits_frames 8',
    'patchline_credits_bytes 1000',
    'patchline_in_flight_frames 3',
    'patchline_in_flight_bytes 300',
    'patchline_encoder_memory_bytes 4096',
    'patchline_encoder_tensors 12',
    'patchline_encoder_failures_total 2',
    `patchline_build_info{version="1.2.3",backend="wasm",node="${process.versions.node}"} 1`,
    'patchline_model_info{model="abc",name="steel"} 1',
    'patchline_model_info{model="def",name="tin"} 1',
  ]) {
    t.true(text.includes(line), line);
  }
  t.false(text.some((line) => line.includes('model="old"')));
});

test("Node's own metrics are in the same registry, and two registries are independent", async (t) => {
  const first = metricsOf({ nodeMetrics: true });
  const second = metricsOf();
  first.metrics.frameSettled(frameOf('c'), judgementOf(3));
  t.true(
    (await first.lines()).some((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds ')),
  );
  t.false((await second.lines()).some((line) => line.startsWith('patchline_frames_total{')));
  t.throws(() => new Metrics(first.registry));
});

test("a camera's counters begin at 0, so that the first anomaly and the first alarm are an increase", async (t) => {
  const { metrics, lines } = metricsOf();
  const line = { state: 'ok', before: 'ok', anomalous: 0, of: 1 } as const;
  metrics.frameSettled(frameOf('c'), { ...judgementOf(3), standing: { line } });
  const counters = (await lines()).filter((text) =>
    /^patchline_(anomalous_frames|line_alarms)_total/.test(text),
  );
  t.deepEqual(counters, [
    'patchline_anomalous_frames_total{camera="c"} 0',
    'patchline_line_alarms_total{camera="c"} 0',
  ]);
});

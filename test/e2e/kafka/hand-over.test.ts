/** Two workers of one group: what they export of the cameras that move from one to the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { png, surface } from '../../helpers/images.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { argumentsFor, Run } from '../../helpers/kafka/run.js';
import { testModelDir } from '../../helpers/model.js';

const it = kafkaTest(test);
const SIZE = { width: 96, height: 64 };
/** By partition. */
const CAMERAS = ['left', 'right'];
/** Drift is stated from 100 frames on. */
const FRAMES = 110;

/** What `sum by (camera)` must not count twice. */
const GAUGES = [
  'patchline_calibrated_false_alarm_ratio',
  'patchline_last_frame_timestamp_seconds',
  'patchline_line_state',
  'patchline_score_drift',
  'patchline_score_drift_limit',
  'patchline_threshold',
];

/** The gauges of each camera that a worker exports. */
async function gaugesOf(run: Run): Promise<Record<string, string[]>> {
  const { text } = await run.get('/metrics');
  const gauges = new Set([...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name));
  const found: Record<string, Set<string>> = {};
  for (const [, name, camera] of text.matchAll(/^(\w+)\{.*?camera="([^"]+)"/gm)) {
    if (!gauges.has(name)) continue;
    found[camera] ??= new Set();
    found[camera].add(name);
  }
  return Object.fromEntries(
    Object.entries(found).map(([camera, names]) => [camera, [...names].sort()]),
  );
}

/** Whether the worker exports all gauges of these cameras, and none of another. */
async function exports(run: Run, cameras: readonly string[]): Promise<boolean> {
  const expected = Object.fromEntries(cameras.map((camera) => [camera, GAUGES]));
  const found = await gaugesOf(run);
  return (
    Object.keys(found).length === cameras.length &&
    cameras.every((camera) => String(found[camera]) === String(expected[camera]))
  );
}

/** A frame of each camera, in a partition of its own, until the test ends. */
function keepFeeding(t: ExecutionContext, lab: Lab, topic: string, image: Uint8Array): void {
  const halt = new AbortController();
  t.teardown(() => halt.abort());
  const messages = CAMERAS.map((key, partition) => ({ key, partition, value: Buffer.from(image) }));
  void (async () => {
    for (let n = 0; !halt.signal.aborted; n++) {
      await lab.send(topic, messages);
      await sleep(n < FRAMES ? 5 : 40);
    }
  })().catch(() => {}); // its broker is gone: the test is over
}

it('a camera that moves to another worker leaves the gauges of the first', async (t) => {
  const lab = await Lab.open();
  t.teardown(() => lab.close());
  const site = await lab.site({ frames: { partitions: 2 } });
  const args = ['--model', await testModelDir(SIZE), ...argumentsFor(site)];
  const runs: Run[] = [];
  t.teardown(() => Promise.all(runs.map((run) => run.signal('SIGKILL'))));
  const start = async () => {
    const run = new Run(args);
    runs.push(run);
    return run.joined();
  };
  const first = await start();
  keepFeeding(t, lab, `${site.topics.prefix}frames`, await png(surface(SIZE, 50)));
  await until('one worker has all cameras', () => exports(first, CAMERAS), 60_000);

  const second = await start();
  await until('each has a partition', () => /"partitions":\[[01]\]/.test(second.stderr), 60_000);
  const mine = Number(/"partitions":\[([01])\]/.exec(second.stderr)![1]);
  await until('the second has its camera', () => exports(second, [CAMERAS[mine]]), 60_000);
  t.true(await exports(first, [CAMERAS[1 - mine]]), JSON.stringify(await gaugesOf(first)));
  t.regex(
    (await first.get('/metrics')).text,
    new RegExp(`^patchline_frames_total\\{camera="${CAMERAS[mine]}",outcome="ok"\\} \\d`, 'm'),
    'counts stay',
  );

  t.is((await second.signal('SIGTERM')).code, 0);
  await until('the first has all again', () => exports(first, CAMERAS), 60_000);
});

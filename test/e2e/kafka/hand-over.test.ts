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

/** What `sum by (camera)` must not count twice: of judged frames, and of those that are skipped. */
const GAUGES = [
  'patchline_calibrated_false_alarm_ratio',
  'patchline_last_frame_timestamp_seconds',
  'patchline_line_state',
  'patchline_score_drift',
  'patchline_score_drift_limit',
  'patchline_threshold',
];
const GAUGES_OF_STALE = ['patchline_last_frame_timestamp_seconds'];

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
async function exports(
  run: Run,
  cameras: readonly string[],
  gauges: readonly string[],
): Promise<boolean> {
  const found = await gaugesOf(run);
  return (
    Object.keys(found).length === cameras.length &&
    cameras.every((camera) => String(found[camera]) === String(gauges))
  );
}

/** A frame of each camera, in a partition of its own, until the test ends. */
function keepFeeding(
  t: ExecutionContext,
  lab: Lab,
  topic: string,
  record: { readonly value: Buffer; readonly headers: Record<string, string> },
): void {
  const halt = new AbortController();
  t.teardown(() => halt.abort());
  const messages = CAMERAS.map((key, partition) => ({ ...record, key, partition }));
  void (async () => {
    for (let n = 0; !halt.signal.aborted; n++) {
      await lab.send(topic, messages);
      await sleep(n < FRAMES ? 5 : 40);
    }
  })().catch(() => {}); // its broker is gone: the test is over
}

const CASES = [
  ['', 'ok', {}, GAUGES],
  [
    ', even if its frames are too old to be judged',
    'stale',
    { 'captured-at': '1' },
    GAUGES_OF_STALE,
  ],
] as const;

for (const [what, outcome, headers, gauges] of CASES) {
  it(`a camera that moves to another worker leaves the gauges of the first${what}`, async (t) => {
    const lab = await Lab.open();
    t.teardown(() => lab.close());
    const site = await lab.site({ frames: { partitions: 2 } });
    const model = ['--model', await testModelDir(SIZE), '--max-age', '1h'];
    const runs: Run[] = [];
    t.teardown(() => Promise.all(runs.map((run) => run.signal('SIGKILL'))));
    const start = async () => {
      const run = new Run([...model, ...argumentsFor(site)]);
      runs.push(run);
      return run.joined();
    };
    const has = (run: Run, cameras: readonly string[]) => exports(run, cameras, gauges);
    const first = await start();
    const value = Buffer.from(await png(surface(SIZE, 50)));
    keepFeeding(t, lab, `${site.topics.prefix}frames`, { value, headers });
    await until('one worker has all cameras', () => has(first, CAMERAS), 60_000);

    const second = await start();
    await until('each has a partition', () => /"partitions":\[[01]\]/.test(second.stderr), 60_000);
    const mine = Number(/"partitions":\[([01])\]/.exec(second.stderr)![1]);
    await until('the second has its camera', () => has(second, [CAMERAS[mine]]), 60_000);
    t.true(await has(first, [CAMERAS[1 - mine]]), JSON.stringify(await gaugesOf(first)));
    t.regex(
      (await first.get('/metrics')).text,
      new RegExp(
        `^patchline_frames_total\\{camera="${CAMERAS[mine]}",outcome="${outcome}"\\} \\d`,
        'm',
      ),
      'counts stay',
    );

    t.is((await second.signal('SIGTERM')).code, 0);
    await until('the first has all again', () => has(first, CAMERAS), 60_000);
  });
}

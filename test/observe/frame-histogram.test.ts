import test from 'ava';
import { Histogram, Registry } from 'prom-client';
import { FrameHistogram } from '../../src/observe/frame-histogram.js';
import { Random } from '../../src/random.js';

const ABOUT = { name: 'score', help: 'A \\ in it.', buckets: [-2, 0, 0.25, 1, 10] };
const CAMERAS = ['a', 'b "\\\n', 'c'];
const NOW = 1_764_172_000_123;

/** prom-client's types know no other format than the default. */
function openMetrics(): Registry {
  return Object.assign(new Registry(), { _contentType: Registry.OPENMETRICS_CONTENT_TYPE });
}

/** The same frames in ours and in prom-client's, as prom-client writes a registry of each. */
function both() {
  const [ours, theirs] = [openMetrics(), openMetrics()];
  const mine = new FrameHistogram(ours, ABOUT);
  const labelNames = ['camera', 'frame_id'];
  const histogram = new Histogram({
    ...ABOUT,
    labelNames,
    enableExemplars: true,
    registers: [theirs],
  });
  const random = new Random(3);
  for (let i = 0; i < 500; i++) {
    const [camera, value] = [random.pick(CAMERAS), random.normal(0.5, 4)];
    mine.observe(camera, value, `frame "${i}"`, NOW);
    histogram.observe({ labels: { camera }, value, exemplarLabels: { frame_id: `frame "${i}"` } });
  }
  for (const bound of ABOUT.buckets) {
    mine.observe('bounds', bound, '', NOW);
    histogram.observe({
      labels: { camera: 'bounds' },
      value: bound,
      exemplarLabels: { frame_id: '' },
    });
  }
  return { mine, ours, theirs };
}

/** prom-client reads the clock itself. */
const timeless = (text: string) => text.replace(/(# \{.*\} \S+) \d+\.?\d*$/gm, '$1 then');

test('the text is that of prom-client, exemplars and all', async (t) => {
  const { mine, theirs } = both();
  const lines = (await theirs.metrics()).split('\n').filter((line) => !/^#/.test(line));
  t.is(timeless(mine.text(true)), timeless(lines.join('\n')));
  t.true(lines.length > 4 * 8);
});

test('exemplars are left out where the format has none', async (t) => {
  const { mine } = both();
  t.is(mine.text(false), mine.text(true).replaceAll(/ # .*/g, ''));
});

test('a registry of prom-client writes it too', async (t) => {
  const { ours, theirs } = both();
  t.is(timeless(await ours.metrics()), timeless(await theirs.metrics()));
});

test('an exemplar is the last frame of its bucket, with its time in seconds', (t) => {
  const histogram = new FrameHistogram(new Registry(), ABOUT);
  histogram.observe('c', 0.1, 'first', NOW);
  histogram.observe('c', 0.2, 'last', NOW + 1000);
  const [line] = histogram.text(true).match(/^.*le="0.25".*$/m)!;
  t.is(line, 'score_bucket{le="0.25",camera="c"} 2 # {frame_id="last"} 0.2 1764172001.123');
});

test('what is no finite number leaves no trace', (t) => {
  const histogram = new FrameHistogram(new Registry(), ABOUT);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    histogram.observe('c', value, 'f', NOW);
  }
  t.is(histogram.text(true), '');
});

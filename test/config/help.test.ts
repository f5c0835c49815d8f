import test from 'ava';
import { helpText, reference } from '../../src/config/help.js';
import { spec } from './example.js';

test('the help text has usage, groups, defaults and consequences', (t) => {
  const lines = helpText(spec).split('\n');
  t.is(lines[0], 'patchline look: look at images');
  t.is(lines[2], 'Usage: patchline look <folder> --model DIR [options]');
  t.true(lines.includes('  <folder>                Where the images are.'));
  t.true(lines.includes('Model'));
  t.true(lines.includes('  --steps N               More takes longer. Default: 300.'));
  t.true(lines.includes('  --views VIEW,…          What is read. Default: all.'));
  t.true(lines.includes('  --watch                 Waits.'));
  t.true(lines.includes('  --help, -h              Shows this text.'));
  t.true(lines.includes('  patchline look photos --model m'));
});

test('long texts are wrapped to 90 columns, long options have a line to themselves', (t) => {
  const words = 'word '.repeat(40).trim();
  const steps = { ...spec.options.steps, help: words };
  const falseAlarmRateOfTheLine = spec.options.falseAlarmRate;
  const options = { steps, falseAlarmRateOfTheLine };
  const text = helpText({ ...spec, options });
  t.true(text.split('\n').every((line) => line.length <= 90));
  t.true(text.includes('\n  --false-alarm-rate-of-the-line X\n                          Lower'));
  t.is(text.match(/word/g)?.length, 40);
});

test('the reference lists every option with its default and variable', (t) => {
  const text = reference([spec]);
  t.true(text.startsWith('## patchline look\n\nLook at images. Looks at each image once.'));
  t.true(text.includes('| `--model DIR` | The model. | *required* | `PATCHLINE_MODEL` |'));
  t.true(
    text.includes(
      '| `--false-alarm-rate X` | Lower misses more. | 0.05 | `PATCHLINE_FALSE_ALARM_RATE` |',
    ),
  );
  // A bar within a cell would end it.
  t.true(text.includes('| `--engine wasm\\|cpu` |'));
});

/** What people give by mistake: each ends with an error that names it, and leaves nothing behind. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import sharp from 'sharp';
import { writeBundle } from '../../src/model/bundle.js';
import { pngChunk, pngFile } from '../frame/png.js';
import { patchline } from '../helpers/cli.js';
import { png, surface } from '../helpers/images.js';
import { MANIFEST, TENSORS } from '../model/sample-model.js';

const SIZE = { width: 64, height: 64 };

interface Expected {
  readonly code: 1 | 2;
  /** Of the JSON error. */
  readonly error: string;
  readonly message: string | RegExp;
}

/** A folder for one test; `fails` removes it. */
function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'patchline-bad-'));
}

/** A folder with one of its own, which holds eight images, of which one is bad. */
async function folderWith(name: string, bad: Uint8Array | string): Promise<string> {
  const cwd = await newFolder();
  await mkdir(join(cwd, name));
  for (let n = 0; n < 8; n++) {
    await writeFile(join(cwd, name, `${n}.png`), n === 4 ? bad : await png(surface(SIZE, n)));
  }
  return cwd;
}

/** Runs with `--json`: one object on stdout, text on stderr, no stack, no file more than before. */
async function fails(t: ExecutionContext, cwd: string, args: string[], expected: Expected) {
  const before = await readdir(cwd);
  const { code, stdout, stderr } = await patchline([...args, '--json'], { cwd });
  t.is(code, expected.code, stderr);
  const { error } = JSON.parse(stdout);
  t.is(error.code, expected.error);
  if (typeof expected.message === 'string') t.is(error.message, expected.message);
  else t.regex(error.message, expected.message);
  t.true(stderr.includes(`error: ${error.message}`));
  t.true(error.hint.length > 0 && stderr.includes(`  → ${error.hint}`));
  t.notRegex(stderr, /^\s+at /m);
  t.deepEqual(await readdir(cwd), before);
  await rm(cwd, { recursive: true });
}

function flat(width: number, height: number): Promise<Uint8Array> {
  return sharp({ create: { width, height, channels: 3, background: '#787878' } })
    .png()
    .toBuffer();
}

const trainOn = (source: string) => ['train', source, '--model', 'new', '--steps', '1'];

test.serial('an empty folder', async (t) => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'empty'));
  const message = /^empty has no images \(\.jpg /;
  await fails(t, cwd, trainOn('empty'), { code: 2, error: 'PL_DATASET', message });
});

test.serial('one image', async (t) => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'one'));
  await writeFile(join(cwd, 'one', '0.png'), await flat(64, 64));
  const message = 'one has 1 good image; it takes 4 at least';
  await fails(t, cwd, trainOn('one'), { code: 2, error: 'PL_DATASET', message });
});

test.serial('an image of another shape', async (t) => {
  const cwd = await folderWith('shapes', await flat(128, 64));
  const message = /^shapes\/4\.png is 128×64 px, but the model reads 64×64 px/;
  await fails(t, cwd, trainOn('shapes'), { code: 1, error: 'PL_IMAGE_SIZE', message });
});

test.serial('images smaller than a patch', async (t) => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'small'));
  for (let n = 0; n < 4; n++) await writeFile(join(cwd, 'small', `${n}.png`), await flat(48, 96));
  const message = /^small\/0\.png is 48×96 px, .* a patch alone has 64×64$/;
  await fails(t, cwd, trainOn('small'), { code: 1, error: 'PL_IMAGE_SIZE', message });
});

test.serial('a truncated image', async (t) => {
  const whole = await png(surface(SIZE, 4));
  const cwd = await folderWith('truncated', whole.subarray(0, whole.length / 2));
  const message = /^truncated\/4\.png is damaged: /;
  await fails(t, cwd, trainOn('truncated'), { code: 1, error: 'PL_IMAGE_UNREADABLE', message });
});

test.serial('a file of zero bytes', async (t) => {
  const cwd = await folderWith('zero', '');
  const message = 'zero/4.png is empty (0 bytes)';
  await fails(t, cwd, trainOn('zero'), { code: 1, error: 'PL_IMAGE_UNREADABLE', message });
});

test.serial('a text file named .png', async (t) => {
  const cwd = await folderWith('text', 'hello\n');
  const message = 'text/4.png is not an image, whatever its name says';
  await fails(t, cwd, trainOn('text'), { code: 1, error: 'PL_IMAGE_UNREADABLE', message });
});

test.serial('an SVG named .png', async (t) => {
  const cwd = await folderWith('svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const message = 'svg/4.png is SVG, which is not read';
  await fails(t, cwd, trainOn('svg'), { code: 1, error: 'PL_IMAGE_UNSUPPORTED', message });
});

test.serial('a PNG bomb', async (t) => {
  const header = { width: 50_000, height: 50_000, bits: 1, colourType: 0 } as const;
  const bomb = pngFile(header, [pngChunk('IDAT', deflateSync(Buffer.alloc(1000)))]);
  const cwd = await folderWith('bomb', bomb);
  const message = /^bomb\/4\.png is 50000×50000 px; the limit is /;
  await fails(t, cwd, trainOn('bomb'), { code: 1, error: 'PL_IMAGE_TOO_LARGE', message });
});

test.serial('images of one colour', async (t) => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'blank'));
  for (let n = 0; n < 6; n++) await writeFile(join(cwd, 'blank', `${n}.png`), await flat(64, 64));
  const message = 'blank: all 6 images are of one colour';
  await fails(t, cwd, trainOn('blank'), { code: 1, error: 'PL_IMAGE_BLANK', message });
});

test.serial('a target below a file', async (t) => {
  const cwd = await folderWith('good', await png(surface(SIZE, 4)));
  const args = ['train', 'good', '--model', 'good/0.png/model', '--steps', '1'];
  const message = /^cannot write good\/0\.png\/model/;
  await fails(t, cwd, args, { code: 1, error: 'PL_WRITE', message });
});

test.serial('a target that holds something else is told before the training', async (t) => {
  const cwd = await folderWith('photos', await png(surface(SIZE, 4)));
  const args = ['train', 'photos', '--model', 'photos', '--steps', '1'];
  const message = /^photos is not a Patchline model: 0\.png, .* would be lost$/;
  await fails(t, cwd, args, { code: 2, error: 'PL_WRITE', message });
});

test.serial('a model with one flipped bit', async (t) => {
  const cwd = await newFolder();
  await writeBundle(join(cwd, 'flipped'), MANIFEST, TENSORS);
  const file = join(cwd, 'flipped', 'network.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(file, bytes);
  const message = /^flipped\/network\.safetensors was changed/;
  const expected = { code: 1, error: 'PL_BUNDLE_CORRUPT', message } as const;
  await fails(t, cwd, ['score', 'any.png', '--model', 'flipped'], expected);
});

test.serial('a model of a newer format', async (t) => {
  const cwd = await newFolder();
  await writeBundle(join(cwd, 'newer'), MANIFEST, TENSORS);
  const file = join(cwd, 'newer', 'model.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...manifest, version: manifest.version + 1 }));
  const message = /^newer is a model of format version 4; this Patchline reads version 3$/;
  const expected = { code: 2, error: 'PL_BUNDLE_VERSION', message } as const;
  await fails(t, cwd, ['inspect', '--model', 'newer'], expected);
});

test.serial('a directory that is no model', async (t) => {
  const cwd = await newFolder();
  await mkdir(join(cwd, 'nothing'));
  const message = 'nothing is not a Patchline model: it has no model.json';
  const expected = { code: 2, error: 'PL_BUNDLE_MISSING', message } as const;
  await fails(t, cwd, ['eval', 'any', '--model', 'nothing'], expected);
});

test.serial('resuming what never began', async (t) => {
  const cwd = await folderWith('resumed', await png(surface(SIZE, 4)));
  const message = 'there is no run to resume in new.partial';
  const expected = { code: 2, error: 'PL_USAGE', message } as const;
  await fails(t, cwd, [...trainOn('resumed'), '--resume'], expected);
});

test.serial('a command that does not exist', async (t) => {
  const message = "there is no command 'tran'; did you mean train?";
  await fails(t, await newFolder(), ['tran'], { code: 2, error: 'PL_USAGE', message });
});

test.serial('an alarm rule that no frames can meet', async (t) => {
  const line = ['run', '--model', 'm', '--source', 's'];
  for (const rule of ['6/5', '0/5', '3', '3/1001', '3/5/8']) {
    const message = new RegExp(
      `--alarm-after: expected two whole numbers such as 3/5, .*'${rule}'$`,
    );
    const expected = { code: 2, error: 'PL_USAGE', message } as const;
    await fails(t, await newFolder(), [...line, `--alarm-after=${rule}`], expected);
  }
});

test.serial('a list of cameras and a number of them', async (t) => {
  const args = ['run', '--model=m', '--source=s', '--cameras=a,b', '--max-cameras=2'];
  const message = /--cameras, --max-cameras: give one of them/;
  await fails(t, await newFolder(), args, { code: 2, error: 'PL_USAGE', message });
});

test.serial('a demo for others without a token', async (t) => {
  const message = /--http, --token: others than this machine see the live page with a token only/;
  const expected = { code: 2, error: 'PL_USAGE', message } as const;
  await fails(t, await newFolder(), ['demo', '--http', '0.0.0.0:0', '--no-open'], expected);
});

test.serial('wrong options, all of them', async (t) => {
  const message =
    '2 things are wrong:\n' +
    '  --stpes: unknown option; did you mean --steps?\n' +
    "  --seed: expected a whole number from 0 to 4294967295, got 'x'";
  const args = ['train', 'any', '--model=new', '--stpes=3', '--seed=x'];
  await fails(t, await newFolder(), args, { code: 2, error: 'PL_USAGE', message });
});

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { patchLevel } from '../../src/detect/image-detector.js';
import type { Disposition, ErrorCode } from '../../src/errors.js';
import { PatchlineError } from '../../src/errors.js';
import { readBundle, writeBundle } from '../../src/model/bundle.js';
import { MANIFEST, TENSORS } from './sample-model.js';

async function freshDirectory(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-bundle-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return dir;
}

async function sampleBundle(t: ExecutionContext): Promise<string> {
  const dir = join(await freshDirectory(t), 'model');
  await writeBundle(dir, MANIFEST, TENSORS);
  return dir;
}

/** Changes model.json, and its digest with it, as another program would. */
async function editManifest(dir: string, edit: (manifest: Record<string, unknown>) => void) {
  const path = join(dir, 'model.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  edit(manifest);
  const text = JSON.stringify(manifest);
  await writeFile(path, text);
  const digest = createHash('sha256').update(text).digest('hex');
  await writeFile(`${path}.sha256`, `${digest}  model.json\n`);
}

async function assertRefused(
  t: ExecutionContext,
  dir: string,
  code: ErrorCode,
  message: RegExp,
  disposition: Disposition = 'fatal',
) {
  const error = await t.throwsAsync(readBundle(dir), { instanceOf: PatchlineError, code, message });
  t.is(error?.disposition, disposition);
  t.truthy(error?.hint);
}

test('what is written is read again', async (t) => {
  const dir = join(await freshDirectory(t), 'models', 'screw');
  const { id } = await writeBundle(dir, MANIFEST, TENSORS);
  const bundle = await readBundle(dir);
  t.is(bundle.id, id);
  t.is(bundle.dir, dir);
  t.deepEqual(bundle.tensors, TENSORS);
  const { files, ...manifest } = bundle.manifest;
  t.deepEqual(manifest, MANIFEST);
  t.deepEqual(Object.keys(files), ['density.safetensors', 'network.safetensors']);
});

test('the id is the digest of model.json, which holds the digests of the other files', async (t) => {
  const dir = await sampleBundle(t);
  const { id, manifest } = await readBundle(dir);
  const digestOf = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(dir, name)))
      .digest('hex');
  t.is(id, await digestOf('model.json'));
  t.is(await readFile(join(dir, 'model.json.sha256'), 'utf8'), `${id}  model.json\n`);
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    t.is(sha256, await digestOf(name));
  }
});

test('the same content gives the same bytes, in whatever order it is put together', async (t) => {
  const parent = await freshDirectory(t);
  const reversed = <T extends object>(object: T): T =>
    Object.fromEntries(Object.entries(object).reverse()) as T;
  const a = await writeBundle(join(parent, 'a'), MANIFEST, TENSORS);
  const b = await writeBundle(join(parent, 'b'), reversed(MANIFEST), reversed(TENSORS));
  t.is(a.id, b.id);
  for (const name of await readdir(join(parent, 'a'))) {
    t.deepEqual(await readFile(join(parent, 'a', name)), await readFile(join(parent, 'b', name)));
  }
});

test('a bundle that was read is written again with the same id', async (t) => {
  const parent = await freshDirectory(t);
  const { id } = await writeBundle(join(parent, 'a'), MANIFEST, TENSORS);
  const { manifest, tensors } = await readBundle(join(parent, 'a'));
  t.is((await writeBundle(join(parent, 'b'), manifest, tensors)).id, id);
});

test('a number that is not finite is not stored', async (t) => {
  const dir = join(await freshDirectory(t), 'model');
  const calibration = { ...MANIFEST.calibration, threshold: NaN };
  await t.throwsAsync(writeBundle(dir, { ...MANIFEST, calibration }, TENSORS), {
    instanceOf: PatchlineError,
    code: 'PL_NUMERIC',
    message: /calibration\.threshold: .*NaN/,
  });
  await t.throwsAsync(readdir(dir), { code: 'ENOENT' });
});

test('no directory, no model.json, a file: no Patchline model', async (t) => {
  const dir = await freshDirectory(t);
  const file = join(dir, 'file');
  await assertRefused(
    t,
    join(dir, 'none'),
    'PL_BUNDLE_MISSING',
    /none is not .*no model\.json/,
    'usage',
  );
  await assertRefused(
    t,
    dir,
    'PL_BUNDLE_MISSING',
    /is not a Patchline model: .* no model\.json/,
    'usage',
  );
  await writeFile(file, 'text');
  await assertRefused(t, file, 'PL_BUNDLE_MISSING', /file is not .*it is a file/, 'usage');
});

test('the model.json of another program', async (t) => {
  const dir = await freshDirectory(t);
  for (const text of ['{"format": "layers-model"}', '[]', 'null', '3']) {
    await writeFile(join(dir, 'model.json'), text);
    await assertRefused(t, dir, 'PL_BUNDLE_MISSING', /model\.json is of another program/, 'usage');
  }
});

test('model.json cut short', async (t) => {
  const dir = await sampleBundle(t);
  const text = await readFile(join(dir, 'model.json'), 'utf8');
  await writeFile(join(dir, 'model.json'), text.slice(0, -20));
  await assertRefused(t, dir, 'PL_BUNDLE_CORRUPT', /model\.json is not JSON/);
});

test('a model of version 1 is read; its scores are not centred', async (t) => {
  const dir = await sampleBundle(t);
  const { centred: _, ...map } = patchLevel(MANIFEST.detector).map;
  await editManifest(dir, (manifest) => {
    manifest.version = 1;
    manifest.detector = { ...MANIFEST.detector, map };
  });
  const { manifest } = await readBundle(dir);
  t.like(manifest, { version: 1, detector: { map: { ...map, centred: false } } });
});

test('a model of version 2 is read; it does not say how held-out images did', async (t) => {
  const dir = await sampleBundle(t);
  await editManifest(dir, (manifest) => {
    manifest.version = 2;
  });
  const { manifest } = await readBundle(dir);
  t.is(manifest.version, 2);
  t.is(manifest.training.heldOut, undefined);
});

test('a newer version says which it is and which is read', async (t) => {
  const dir = await sampleBundle(t);
  await editManifest(dir, (manifest) => {
    manifest.version = 4;
    manifest.detector = 'something new';
  });
  await assertRefused(
    t,
    dir,
    'PL_BUNDLE_VERSION',
    /version 4; this Patchline reads version 3/,
    'usage',
  );
});

test('violations of the schema are all listed', async (t) => {
  const dir = await sampleBundle(t);
  await editManifest(dir, (manifest) => {
    manifest.input = { width: 0, height: 192 };
    delete manifest.training;
    manifest.surprise = 1;
  });
  await assertRefused(t, dir, 'PL_BUNDLE_CORRUPT', /input\.width: .*training: .*surprise/);
});

test('a missing file', async (t) => {
  const dir = await sampleBundle(t);
  await rm(join(dir, 'density.safetensors'));
  await assertRefused(t, dir, 'PL_BUNDLE_CORRUPT', /density\.safetensors is missing/);
});

test('a file of another length', async (t) => {
  const dir = await sampleBundle(t);
  await writeFile(join(dir, 'density.safetensors'), 'short');
  await assertRefused(t, dir, 'PL_BUNDLE_CORRUPT', /density\.safetensors has 5 bytes, not \d+/);
});

test('a file beside the model is not read, even if its digest is right', async (t) => {
  const dir = await sampleBundle(t);
  await editManifest(dir, (manifest) => {
    manifest.files = { '../secret': { sha256: '0'.repeat(64), bytes: 1 } };
  });
  await assertRefused(t, dir, 'PL_BUNDLE_CORRUPT', /lies outside of the model/);
});

test('any flipped bit of any file is found', async (t) => {
  const dir = await sampleBundle(t);
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 1;
      await writeFile(path, flipped);
      const error = await t.throwsAsync(readBundle(dir), { instanceOf: PatchlineError });
      t.regex(error?.code ?? '', /^PL_BUNDLE_/);
    }
    await writeFile(path, bytes);
  }
  await t.notThrowsAsync(readBundle(dir));
});

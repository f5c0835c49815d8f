/**
 * A model on disk (DESIGN §6): `model.json`, its digest, and the arrays as safetensors. It is
 * written whole or not at all, and checked to the last byte before it is used.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { PatchlineError, systemCode } from '../errors.js';
import { DIGEST_FILE, MANIFEST_FILE, writeDirectoryAtomically } from './directory.js';
import { FORMAT, type Manifest, manifestSchema, VERSION } from './manifest.js';
import { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.js';

export interface Bundle {
  /** SHA-256 of `model.json`, which holds the digests of all else: 64 hexadecimal digits. */
  readonly id: string;
  readonly dir: string;
  readonly manifest: Manifest;
  /** By file name, then by name. */
  readonly tensors: Readonly<Record<string, Tensors>>;
}

/**
 * Writes a model; the same content gives the same bytes, and so the same id.
 *
 * @throws PL_WRITE if it cannot be written; PL_NUMERIC if the manifest breaks its schema, as it does
 *   with a number that is not finite
 */
export async function writeBundle(
  dir: string,
  manifest: Omit<Manifest, 'files'>,
  tensorFiles: Readonly<Record<string, Tensors>>,
): Promise<{ id: string }> {
  const files = new Map<string, Uint8Array>();
  for (const name of Object.keys(tensorFiles).sort()) {
    files.set(name, encodeSafetensors(tensorFiles[name]));
  }
  const digests = [...files].map(([name, bytes]) => [
    name,
    { sha256: sha256(bytes), bytes: bytes.length },
  ]);
  const text = encodeManifest({ ...manifest, files: Object.fromEntries(digests) });
  files.set(MANIFEST_FILE, text);
  files.set(DIGEST_FILE, Buffer.from(digestLine(text)));
  await writeDirectoryAtomically(dir, files);
  return { id: sha256(text) };
}

/** JSON with the fields in the order of the schema, however the manifest was put together. */
function encodeManifest(manifest: Manifest): Uint8Array {
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) {
    throw new PatchlineError(
      'PL_NUMERIC',
      `the model cannot be stored: ${describeIssues(parsed.error)}`,
      {
        hint: 'Check the good images for blank or damaged ones, or train again with another seed.',
      },
    );
  }
  return Buffer.from(`${JSON.stringify(parsed.data, null, 2)}\n`);
}

/**
 * Reads and checks a model.
 *
 * @throws PL_BUNDLE_MISSING (`usage`): no model there; PL_BUNDLE_VERSION (`usage`): written by a
 *   newer Patchline; PL_BUNDLE_CORRUPT: damaged, naming the file and what is wrong with it
 */
export async function readBundle(dir: string): Promise<Bundle> {
  const text = await readManifestFile(dir);
  const json = parseJson(text, join(dir, MANIFEST_FILE));
  assertFormat(json, dir);
  const manifest = parseManifest(json, join(dir, MANIFEST_FILE));
  await assertDigest(dir, text);
  const tensors: Record<string, Tensors> = {};
  for (const [name, expected] of Object.entries(manifest.files)) {
    const bytes = await readListedFile(dir, name, expected);
    tensors[name] = decodeSafetensors(bytes, join(dir, name));
  }
  return { id: sha256(text), dir, manifest, tensors };
}

async function readManifestFile(dir: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, MANIFEST_FILE));
  } catch (cause) {
    const reasons: Record<string, string> = {
      ENOENT: `it has no ${MANIFEST_FILE}`,
      ENOTDIR: 'it is a file',
    };
    throw missing(dir, reasons[systemCode(cause) ?? ''] ?? String(cause), cause);
  }
}

function parseJson(text: Buffer, path: string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch (cause) {
    throw corrupt(path, `is not JSON: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

/** Before the schema, which knows this version only. */
function assertFormat(json: unknown, dir: string): void {
  const { format, version } = Object(json);
  if (format !== FORMAT) throw missing(dir, `its ${MANIFEST_FILE} is of another program`);
  if (typeof version !== 'number' || version <= VERSION) return;
  throw new PatchlineError(
    'PL_BUNDLE_VERSION',
    `${dir} is a model of format version ${version}; this Patchline reads version ${VERSION}`,
    { disposition: 'usage', hint: 'Update Patchline, or train the model anew with this one.' },
  );
}

async function assertDigest(dir: string, manifest: Buffer): Promise<void> {
  const path = join(dir, DIGEST_FILE);
  const expected = await readPart(path);
  if (expected.toString() === digestLine(manifest)) return;
  throw corrupt(join(dir, MANIFEST_FILE), `was changed: its digest is not that of ${DIGEST_FILE}`);
}

function parseManifest(json: unknown, path: string): Manifest {
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw corrupt(path, `is wrong: ${describeIssues(parsed.error)}`);
  return parsed.data;
}

async function readListedFile(
  dir: string,
  name: string,
  expected: Manifest['files'][string],
): Promise<Buffer> {
  const path = join(dir, name);
  if (basename(name) !== name) throw corrupt(path, 'lies outside of the model');
  const bytes = await readPart(path);
  if (bytes.length !== expected.bytes) {
    throw corrupt(path, `has ${bytes.length} bytes, not ${expected.bytes}`);
  }
  if (sha256(bytes) !== expected.sha256) throw corrupt(path, 'was changed: its digest is wrong');
  return bytes;
}

async function readPart(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const what = systemCode(cause) === 'ENOENT' ? 'is missing' : `cannot be read: ${cause}`;
    throw corrupt(path, what, cause);
  }
}

/** All fields that break the schema, in one line. */
function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As `sha256sum` writes it, so that `sha256sum --check` reads it. */
function digestLine(manifest: Uint8Array): string {
  return `${sha256(manifest)}  ${MANIFEST_FILE}\n`;
}

function missing(dir: string, why: string, cause?: unknown): PatchlineError {
  return new PatchlineError('PL_BUNDLE_MISSING', `${dir} is not a Patchline model: ${why}`, {
    disposition: 'usage',
    hint: `Train one with patchline train <good images> --model ${dir}, or give another directory.`,
    cause,
  });
}

function corrupt(path: string, what: string, cause?: unknown): PatchlineError {
  return new PatchlineError('PL_BUNDLE_CORRUPT', `${path} ${what}`, {
    hint: 'Copy the model again from where it was trained, or train it anew.',
    cause,
  });
}

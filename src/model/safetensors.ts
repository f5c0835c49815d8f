/**
 * The safetensors format (https://github.com/huggingface/safetensors), float32 only: the length of
 * the header (64 bit, little endian), a header of JSON, and the arrays one after the other. Nothing
 * in it is run, so a file from elsewhere can do no more than fail to load.
 *
 * Names are written sorted and nothing else goes in: the same arrays give the same bytes. Numbers
 * are taken as they lie in memory, that is, on machines that are little-endian, as the format is.
 */
import { z } from 'zod';
import { PatchlineError } from '../errors.js';

export interface Tensor {
  /** Empty for a single number. */
  readonly shape: readonly number[];
  /** Row-major; as many numbers as the product of the shape. */
  readonly data: Float32Array;
}

/** Arrays by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/** Text about the file, not an array. */
const METADATA = '__metadata__';

const whole = z.number().int().nonnegative();
/** Bytes of a number, by its type. Only F32 is read; the others are known to be passed over. */
const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };

const entrySchema = z.object({
  dtype: z.enum(Object.keys(BYTES) as [keyof typeof BYTES]),
  shape: z.array(whole),
  data_offsets: z.tuple([whole, whole]),
});
const headerSchema = z.record(z.string(), z.unknown());

/** Throws a RangeError for a tensor whose shape is not that of its numbers. */
export function encodeSafetensors(tensors: Tensors): Uint8Array {
  const names = Object.keys(tensors).sort();
  const header: Record<string, z.infer<typeof entrySchema>> = {};
  let end = 0;
  for (const name of names) {
    const { shape, data } = tensors[name];
    if (elements(shape) !== data.length) {
      throw new RangeError(`tensor ${name} has ${data.length} numbers for shape [${shape}]`);
    }
    const start = end;
    end += data.byteLength;
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [start, end] };
  }
  const text = encodeHeader(header);
  const out = new Uint8Array(text.length + end);
  out.set(text);
  for (const name of names) {
    const { data } = tensors[name];
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    out.set(bytes, text.length + header[name].data_offsets[0]);
  }
  return out;
}

/** Length and JSON, padded with spaces so that the arrays are aligned. */
function encodeHeader(header: object): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const out = Buffer.alloc(LENGTH_BYTES + length, ' ');
  out.writeBigUInt64LE(BigInt(length));
  out.set(text, LENGTH_BYTES);
  return out;
}

/**
 * The arrays of a file, each in memory of its own.
 *
 * @param label what errors call the file
 * @param passOver names of arrays to leave out, which may be of other types
 * @throws PL_BUNDLE_CORRUPT if it is not float32 safetensors, whole and without holes or overlaps
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  label: string,
  passOver: (name: string) => boolean = () => false,
): Record<string, Tensor> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { header, start } = decodeHeader(file, label);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => ({ name, ...entryOf(name, value, label) }));
  assertContiguous(entries, file.length - start, label);
  const wanted = entries.filter(({ name }) => !passOver(name));
  return Object.fromEntries(
    wanted.map(({ name, dtype, shape, from, to }) => {
      if (dtype !== 'F32') throw corrupt(label, `has tensor ${name} as ${dtype}, not as F32`);
      const data = new Float32Array(
        new Uint8Array(bytes.subarray(start + from, start + to)).buffer,
      );
      return [name, { shape, data }];
    }),
  );
}

function decodeHeader(
  file: Buffer,
  label: string,
): { header: Record<string, unknown>; start: number } {
  if (file.length < LENGTH_BYTES) throw corrupt(label, `has only ${file.length} bytes`);
  const length = file.readBigUInt64LE();
  if (length > BigInt(file.length - LENGTH_BYTES)) {
    throw corrupt(label, `announces a header of ${length} bytes, more than the file has`);
  }
  const start = LENGTH_BYTES + Number(length);
  const parsed = headerSchema.safeParse(parseJson(file.toString('utf8', LENGTH_BYTES, start)));
  if (!parsed.success) throw corrupt(label, 'has a header that is not a JSON object');
  return { header: parsed.data, start };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where an array lies, in bytes after the header. */
interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function entryOf(name: string, value: unknown, label: string): Omit<Entry, 'name'> {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw corrupt(label, `describes tensor ${name} wrongly: ${path.join('.')}: ${message}`);
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [from, to] = data_offsets;
  if (to - from !== elements(shape) * BYTES[dtype]) {
    throw corrupt(label, `has ${to - from} bytes for tensor ${name} of shape [${shape}]`);
  }
  return { dtype, shape, from, to };
}

/** The arrays must fill the file to the last byte, one after the other. */
function assertContiguous(entries: readonly Entry[], size: number, label: string): void {
  let end = 0;
  for (const { name, from, to } of entries.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw corrupt(label, `has tensor ${name} at byte ${from}, not at ${end}`);
    end = to;
  }
  if (end !== size)
    throw corrupt(label, `has ${size} bytes of arrays, but its header tells of ${end}`);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function corrupt(label: string, what: string): PatchlineError {
  return new PatchlineError('PL_BUNDLE_CORRUPT', `${label} ${what}`, {
    hint: 'The file is damaged or of another kind: copy the model again, or train it anew.',
  });
}

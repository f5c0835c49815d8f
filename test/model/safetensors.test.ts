import test from 'ava';
import fc from 'fast-check';
import { PatchlineError } from '../../src/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/model/safetensors.js';

// Python's safetensors 0.8.0:
//   save({'b.weight': np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
//         'a': np.array(1.5, dtype=np.float32), 'empty': np.zeros((0, 4), dtype=np.float32)},
//        metadata={'made': 'by Python'})
const FROM_PYTHON = Buffer.from(
  '2AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgUHl0aG9uIn0sImEiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6' +
    'W10sImRhdGFfb2Zmc2V0cyI6WzAsNF19LCJiLndlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9v' +
    'ZmZzZXRzIjpbNCwyOF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbMjgs' +
    'MjhdfX0gICAAAMA/AAAAAAAAgD4AAAA/AABAPwAAgD8AAKA/',
  'base64',
);

const TENSORS = {
  a: { shape: [], data: Float32Array.of(1.5) },
  'b.weight': { shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
  empty: { shape: [0, 4], data: new Float32Array() },
};

/** A file with this header (JSON or text) and `size` bytes of arrays. */
function file(header: unknown, size: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(size)]);
}

function entry(shape: unknown, from: number, to: number, dtype = 'F32'): object {
  return { dtype, shape, data_offsets: [from, to] };
}

test('reads what Python writes', (t) => {
  t.deepEqual(decodeSafetensors(FROM_PYTHON, 'x'), TENSORS);
});

test('writes a known header, aligned, whatever the order of the names', (t) => {
  const bytes = Buffer.from(encodeSafetensors(TENSORS));
  const header =
    '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
    '"b.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},' +
    '"empty":{"dtype":"F32","shape":[0,4],"data_offsets":[28,28]}}';
  const length = Number(bytes.readBigUInt64LE());
  t.is(length % 8, 0);
  t.is(bytes.toString('utf8', 8, 8 + length), header.padEnd(length));
  t.deepEqual(bytes.subarray(8 + length), FROM_PYTHON.subarray(-28));
  const { a, 'b.weight': b, empty } = TENSORS;
  t.deepEqual(Buffer.from(encodeSafetensors({ empty, 'b.weight': b, a })), bytes);
});

test('what is written is read again, to the bit', (t) => {
  const shape = fc.array(fc.nat(4), { maxLength: 3 });
  const tensor = shape.chain((sides) => {
    const length = sides.reduce((product, side) => product * side, 1);
    const data = fc.float32Array({ minLength: length, maxLength: length });
    return data.map((numbers) => ({ shape: sides, data: numbers }));
  });
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((n) => !n.startsWith('__'));
  fc.assert(
    fc.property(fc.dictionary(name, tensor, { noNullPrototype: true }), (tensors) => {
      t.deepEqual(decodeSafetensors(encodeSafetensors(tensors), 'x'), tensors);
    }),
  );
  t.pass();
});

test('reads from and writes parts of larger buffers', (t) => {
  const bytes = encodeSafetensors({
    a: { shape: [2], data: new Float32Array(8).fill(2, 3).subarray(2, 4) },
  });
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const { a } = decodeSafetensors(shifted.subarray(3), 'x');
  t.deepEqual(a.data, Float32Array.of(0, 2));
  shifted.fill(255);
  t.deepEqual(a.data, Float32Array.of(0, 2), 'the arrays are copies');
});

test('refuses to write a shape that is not that of the numbers', (t) => {
  t.throws(() => encodeSafetensors({ a: { shape: [3], data: new Float32Array(2) } }), {
    instanceOf: RangeError,
    message: 'tensor a has 2 numbers for shape [3]',
  });
});

const endless = Buffer.from(FROM_PYTHON);
endless.writeBigUInt64LE(2n ** 63n);

const HOSTILE: readonly [string, Uint8Array, RegExp][] = [
  ['no header', new Uint8Array(7), /has only 7 bytes/],
  ['a header beyond the file', endless, /header of 9223372036854775808 bytes/],
  ['a file cut short', FROM_PYTHON.subarray(0, -1), /has 27 bytes of arrays/],
  ['bytes at the end', Buffer.concat([FROM_PYTHON, Buffer.alloc(1)]), /has 29 bytes of arrays/],
  ['no JSON', file('{"a":', 0), /not a JSON object/],
  ['a list', file([], 0), /not a JSON object/],
  ['half precision', file({ a: entry([2], 0, 4, 'F16') }, 4), /tensor a as F16, not as F32/],
  ['a negative side', file({ a: entry([-1], 0, 4) }, 4), /tensor a wrongly: shape\.0/],
  ['half a side', file({ a: entry([0.5], 0, 2) }, 2), /tensor a wrongly: shape\.0/],
  ['no shape', file({ a: entry(undefined, 0, 4) }, 4), /tensor a wrongly: shape/],
  [
    'a name that is none',
    file(`{"__proto__":${JSON.stringify(entry([1], 0, 4))}}`, 4),
    /has 4 bytes of arrays/,
  ],
  ['negative offsets', file({ a: entry([1], -4, 0) }, 4), /wrongly: data_offsets\.0/],
  ['offsets turned round', file({ a: entry([1], 4, 0) }, 4), /has -4 bytes for tensor a/],
  [
    'more numbers than bytes',
    file({ a: entry([2], 0, 4) }, 4),
    /has 4 bytes for tensor a of shape \[2\]/,
  ],
  ['an endless shape', file({ a: entry([2 ** 52, 2 ** 52], 0, 4) }, 4), /has 4 bytes for tensor a/],
  ['arrays beyond the file', file({ a: entry([4], 0, 16) }, 8), /has 8 bytes of arrays, but .* 16/],
  [
    'overlapping arrays',
    file({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12),
    /tensor b at byte 4, not at 8/,
  ],
  [
    'a hole',
    file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12),
    /tensor b at byte 8, not at 4/,
  ],
];

for (const [what, bytes, message] of HOSTILE) {
  test(`refuses ${what}`, (t) => {
    const error = t.throws(() => decodeSafetensors(bytes, 'net.safetensors'), {
      instanceOf: PatchlineError,
      code: 'PL_BUNDLE_CORRUPT',
      message,
    });
    t.regex(error?.message ?? '', /^net\.safetensors /);
  });
}

import test from 'ava';
import kafkajs from 'kafkajs';
import { compressFrame } from 'lz4-napi';
import { compress } from 'snappy';
import { registerCodecs } from '../../../src/stream/kafka/codecs.js';

registerCodecs();
const text = Buffer.from('{"score":0.123456,"camera":"cam-1"}\n'.repeat(100));

const decompress = (type: 2 | 3 | 4, data: Buffer): Promise<Buffer> =>
  kafkajs.CompressionCodecs[type]().decompress(data);

test('snappy, bare and in the framing of the Java client', async (t) => {
  const { Snappy } = kafkajs.CompressionTypes;
  const block = await compress(text);
  t.deepEqual(await decompress(Snappy, block), text);

  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const halves = await Promise.all(
    [text.subarray(0, 1000), text.subarray(1000)].map((p) => compress(p)),
  );
  const framed = halves.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  t.deepEqual(await decompress(Snappy, Buffer.concat([header, ...framed])), text);
});

test('lz4', async (t) => {
  t.deepEqual(await decompress(kafkajs.CompressionTypes.LZ4, await compressFrame(text)), text);
});

test('zstd', async (t) => {
  // python -c "import zstandard,sys; print(zstandard.compress(b'patchline ' * 30).hex())"
  const data = Buffer.from('28b52ffd602c008d00005070617463686c696e652001001f550b12', 'hex');
  t.is(String(await decompress(kafkajs.CompressionTypes.ZSTD, data)), 'patchline '.repeat(30));
});

/**
 * Compressions that producers may use. kafkajs brings gzip alone and its consumer dies at the first
 * batch in another one. Patchline never compresses: images and PNG maps do not get smaller.
 */
import kafkajs from 'kafkajs';

/** Magic of the framing that Kafka's Java client wraps around snappy blocks: `\x82SNA`. */
const XERIAL = 0x82534e41;
/** Magic (8 bytes), version and least compatible version (4 each). */
const XERIAL_HEADER = 16;

/** kafkajs keeps its codecs for the whole process: registering them again changes nothing. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => readOnly(snappy);
  CompressionCodecs[CompressionTypes.LZ4] = () => readOnly(lz4);
  CompressionCodecs[CompressionTypes.ZSTD] = () => readOnly(zstd);
}

// Loaded when a first batch needs them: a missing native build concerns nobody else.
async function lz4(data: Buffer): Promise<Buffer> {
  const { decompressFrame } = await import('lz4-napi');
  return decompressFrame(data);
}

async function zstd(data: Buffer): Promise<Buffer> {
  const { decompress } = await import('fzstd');
  const { buffer, byteOffset, byteLength } = decompress(data);
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function snappy(data: Buffer): Promise<Buffer> {
  const { uncompress } = await import('snappy');
  const block = async (bytes: Buffer) => (await uncompress(bytes, { asBuffer: true })) as Buffer;
  if (data.length < XERIAL_HEADER || data.readUInt32BE(0) !== XERIAL) return block(data);
  const blocks: Promise<Buffer>[] = [];
  for (let at = XERIAL_HEADER; at < data.length; ) {
    const length = data.readUInt32BE(at);
    blocks.push(block(data.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(await Promise.all(blocks));
}

function readOnly(decompress: (data: Buffer) => Promise<Buffer>) {
  return {
    decompress,
    compress(): never {
      throw new Error('Patchline sends its records uncompressed');
    },
  };
}

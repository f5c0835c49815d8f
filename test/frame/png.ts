import { crc32, deflateSync } from 'node:zlib';

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: 1 | 2 | 4 | 8 | 16;
  /** Of the PNG specification: 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGB + alpha. */
  readonly colourType: 0 | 2 | 3 | 4 | 6;
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG from its parts: chunks between the header and the end. */
export function pngFile({ width, height, bits, colourType }: PngHeader, chunks: Buffer[]): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, bits, colourType, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A PNG of these rows, unfiltered; samples of 16 bit are big endian, smaller ones packed. */
export function png(header: PngHeader, rows: readonly Uint8Array[], before: Buffer[] = []): Buffer {
  const raw = Buffer.concat(rows.flatMap((row) => [Buffer.of(0), row]));
  return pngFile(header, [...before, pngChunk('IDAT', deflateSync(raw))]);
}

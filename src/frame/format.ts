/** The formats that frames may come in; everything else is refused before a parser sees it. */
const READABLE = new Set(['JPEG', 'PNG', 'WebP', 'TIFF']);

/** First bytes of files, one character a byte, and where they lie. */
const SIGNATURES: readonly { format: string; at: number; magic: string }[] = [
  { format: 'JPEG', at: 0, magic: '\xff\xd8\xff' },
  { format: 'PNG', at: 0, magic: '\x89PNG\r\n\x1a\n' },
  { format: 'WebP', at: 8, magic: 'WEBP' },
  { format: 'TIFF', at: 0, magic: 'II*\0' },
  { format: 'TIFF', at: 0, magic: 'MM\0*' },
  { format: 'TIFF', at: 0, magic: 'II+\0' }, // BigTIFF
  { format: 'TIFF', at: 0, magic: 'MM\0+' },
  { format: 'GIF', at: 0, magic: 'GIF8' },
  { format: 'BMP', at: 0, magic: 'BM' },
  { format: 'PDF', at: 0, magic: '%PDF-' },
  { format: 'AVIF or HEIF', at: 4, magic: 'ftyp' },
  { format: 'JPEG XL', at: 4, magic: 'JXL ' },
  { format: 'JPEG 2000', at: 4, magic: 'jP  ' },
];

/**
 * The format of an image by its first bytes, whatever its name says: `readable` for those that
 * Patchline reads. Undefined if the bytes are no image that is known here.
 */
export function imageFormat(bytes: Uint8Array): { name: string; readable: boolean } | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024));
  const text = head.toString('latin1');
  const name =
    SIGNATURES.find(({ at, magic }) => text.startsWith(magic, at))?.format ??
    (/^\s*<.*<?svg[\s>]/is.test(text) ? 'SVG' : undefined);
  return name === undefined ? undefined : { name, readable: READABLE.has(name) };
}

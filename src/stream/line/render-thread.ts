/** Entry of the thread that draws and encodes the frames of a `LineSource`. */
import { encodeImage, type ImageFormat } from './encode.js';
import { type LineFrameRequest, lineFrame } from './line.js';

export interface RenderTask extends LineFrameRequest {
  readonly format: ImageFormat;
}

// biome-ignore lint/style/noDefaultExport: piscina calls the default export.
export default async function render({ format, ...request }: RenderTask): Promise<Uint8Array> {
  return encodeImage(lineFrame(request).pixels, format);
}

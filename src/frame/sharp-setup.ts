/**
 * The one place that imports sharp: every other file takes it from here, set up.
 *
 * - Only the four formats that frames come in can be loaded at all. libvips otherwise hands bytes
 *   of a stream to a few dozen parsers (SVG, PDF, ImageMagick …).
 * - No cache: a frame is decoded once. One thread an image: frames are decoded in parallel.
 *
 * The settings are libvips', hence the process'; each thread that decodes repeats them at no cost.
 */
import sharp from 'sharp';

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadTiff',
  ],
});
sharp.cache(false);
sharp.concurrency(1);

export { sharp };

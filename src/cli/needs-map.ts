import { isImageLevel } from '../detect/image-detector.js';
import { PatchlineError } from '../errors.js';
import type { Bundle } from '../model/bundle.js';

/** Before work is spent. @throws PL_CONFIG (usage) if the model judges frames as a whole */
export function assertHasMap({ dir, manifest }: Bundle, wanted: string): void {
  if (!isImageLevel(manifest.detector)) return;
  throw new PatchlineError(
    'PL_CONFIG',
    `${wanted} needs a map, and the model in ${dir} has none: it is an image-level detector`,
    {
      disposition: 'usage',
      hint: `leave it out, or train a patch-level model (patchline train without --detector image)`,
    },
  );
}

import type { BackendName } from '../backend/backends.js';
import { type BackendChoice, type ChoiceContext, chooseBackend } from '../backend/choice.js';
import { isImageLevel, patchLevel } from './image-detector.js';
import { type DetectorSource, partsOf } from './model.js';

/** Side of the frames of a probe, pixels: a part of a large frame tells as much in less time. */
const MOST_SIDE = 256;

/** What all kinds of detectors run on, wherever Node does. */
const ANYWHERE: BackendName = 'wasm';

/**
 * The back end for some models: what is fastest for the one with the largest frames. Image-level
 * detectors run on TensorFlow.js alone.
 */
export function chooseFor(
  choice: BackendChoice,
  models: readonly DetectorSource[],
  context: ChoiceContext,
): Promise<BackendName> {
  if (choice === 'auto' && models.some(({ manifest }) => isImageLevel(manifest.detector))) {
    context.say(`back end ${ANYWHERE}: of those that image-level detectors run on`);
    return Promise.resolve(ANYWHERE);
  }
  if (choice !== 'auto') return Promise.resolve(choice);
  const area = ({ manifest: { input } }: DetectorSource) => input.width * input.height;
  const { manifest, tensors } = models.reduce((a, b) => (area(b) > area(a) ? b : a));
  const { network, requests } = partsOf(patchLevel(manifest.detector), tensors);
  const width = Math.min(MOST_SIDE, manifest.input.width);
  const height = Math.min(MOST_SIDE, manifest.input.height);
  return chooseBackend(choice, { network, views: requests, size: { width, height } }, context);
}

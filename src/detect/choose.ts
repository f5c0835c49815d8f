import type { BackendName } from '../backend/backends.js';
import { type BackendChoice, type ChoiceContext, chooseBackend } from '../backend/choice.js';
import { type DetectorSource, partsOf } from './model.js';

/** Side of the frames of a probe, pixels: a part of a large frame tells as much in less time. */
const MOST_SIDE = 256;

/** The back end for some models: what is fastest for the one with the largest frames. */
export function chooseFor(
  choice: BackendChoice,
  models: readonly DetectorSource[],
  context: ChoiceContext,
): Promise<BackendName> {
  const area = ({ manifest: { input } }: DetectorSource) => input.width * input.height;
  const { manifest, tensors } = models.reduce((a, b) => (area(b) > area(a) ? b : a));
  const { network, requests } = partsOf(manifest.detector, tensors);
  const width = Math.min(MOST_SIDE, manifest.input.width);
  const height = Math.min(MOST_SIDE, manifest.input.height);
  return chooseBackend(choice, { network, views: requests, size: { width, height } }, context);
}

import type { BackendName } from '../backend/backends.js';
import { type BackendChoice, type ChoiceContext, chooseBackend } from '../backend/choice.js';
import { densitiesFrom, networkFrom } from '../model/detector-tensors.js';
import { scoringRequest } from './detector.js';
import type { DetectorSource } from './model.js';

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
  const { network: layers, densityFile, views } = manifest.detector;
  const network = networkFrom(tensors[layers.file], layers);
  const densities = densitiesFrom(tensors[densityFile], manifest.detector);
  const width = Math.min(MOST_SIDE, manifest.input.width);
  const height = Math.min(MOST_SIDE, manifest.input.height);
  const requests = views.map(({ name }, v) => scoringRequest(network, name, densities[v]));
  return chooseBackend(choice, { network, views: requests, size: { width, height } }, context);
}

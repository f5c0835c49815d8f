/** `patchline export`: a model for programs that are not Patchline. */
import { encodeModel } from '../backend/onnx/model.js';
import { text } from '../config/kind.js';
import { type Config, required } from '../config/option.js';
import { commonLattice } from '../detect/detector.js';
import { patchLevel } from '../detect/image-detector.js';
import { scoreGraph } from '../detect/score-graph.js';
import { writeFileAtomically } from '../files.js';
import { type Bundle, readBundle } from '../model/bundle.js';
import { densitiesFrom, networkFrom } from '../model/detector-tensors.js';
import { PATCHLINE_VERSION } from '../version.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { existingModel } from './common-options.js';
import { modelResult } from './describe.js';
import { bytes, size } from './format.js';
import { assertHasMap } from './needs-map.js';

const options = {
  model: existingModel,
  onnx: required(text('FILE'), {
    help: 'Writes the model as one ONNX graph (operators of set 18): uint8 pixels [frames, height, width, 3] in RGB to float32 scores [frames, rows, cols], any number of frames. Network, statistics, densities and standardisation are all inside; geometry, threshold and what makes a map of the scores are its metadata.',
    group: 'Output',
  }),
};

export const exportCommand = defineCommand(
  {
    name: 'export',
    description: 'What it writes gives the scores of Patchline, to rounding, wherever ONNX runs.',
    options,
    examples: ['patchline export --model models/screw --onnx screw.onnx'],
  },
  run,
);

async function run(config: Config<typeof options>, { output }: Context): Promise<ExitCode> {
  const bundle = await readBundle(config.model);
  const { manifest, id } = bundle;
  assertHasMap(bundle, 'export');
  const file = onnxFile(bundle);
  await writeFileAtomically(config.onnx, file);
  const { rows, cols } = commonLattice(manifest.input, patchLevel(manifest.detector).views);
  output.text(
    `${config.onnx}: ${bytes(file.length)}; pixels of ${size(manifest.input)} px → ${rows}×${cols} scores`,
  );
  output.result({
    model: modelResult(config.model, id, manifest),
    onnx: { file: config.onnx, bytes: file.length },
    input: { name: 'pixels', ...manifest.input },
    output: { name: 'scores', rows, cols },
  });
  return 0;
}

function onnxFile({ manifest, tensors, id }: Bundle): Uint8Array {
  const { name } = manifest;
  const detector = patchLevel(manifest.detector);
  const network = networkFrom(tensors[detector.network.file], detector.network);
  const densities = densitiesFrom(tensors[detector.densityFile], detector);
  return encodeModel({
    ...scoreGraph({ network, densities, views: detector.views, centred: detector.map.centred }),
    name,
    producer: 'patchline',
    producerVersion: PATCHLINE_VERSION,
    doc: `Anomaly scores of RGB frames by the Patchline model ${id}; the higher, the stranger.`,
    metadata: metadataOf(manifest, id),
  });
}

/** What a program needs to make of scores what Patchline makes of them. */
function metadataOf(
  { detector: spec, input, calibration, name }: Bundle['manifest'],
  id: string,
): Record<string, string> {
  const detector = patchLevel(spec);
  const { stride, offset } = commonLattice(input, detector.views);
  const facts = {
    modelId: id,
    modelName: name,
    width: input.width,
    height: input.height,
    stride,
    offset,
    sigma: detector.map.sigma,
    borderCorrection: detector.map.borderCorrection,
    topShare: detector.map.topShare,
    threshold: calibration.threshold,
    alpha: calibration.alpha,
  };
  const entries = Object.entries(facts).map(([key, value]) => [`patchline.${key}`, String(value)]);
  return Object.fromEntries(entries);
}

/** `patchline score`: a verdict for each image. */
import { startBackend } from '../backend/backends.js';
import { text } from '../config/kind.js';
import { type Config, optional } from '../config/option.js';
import { chooseFor } from '../detect/choose.js';
import { type FrameJudge, loadJudge } from '../detect/frame-judge.js';
import { type JudgedFrame, judgeFrame } from '../detect/judge.js';
import { PatchlineError } from '../errors.js';
import { makeDirectory } from '../files.js';
import type { Size } from '../frame/pixels.js';
import { type Bundle, readBundle } from '../model/bundle.js';
import { type Context, defineCommand, type ExitCode } from './command.js';
import { backend, existingModel } from './common-options.js';
import { modelResult } from './describe.js';
import { FileNames } from './file-names.js';
import { count } from './format.js';
import { decodeFile, listImages, loadAhead } from './images.js';
import { assertHasMap } from './needs-map.js';
import { isLocated, writeMap, writeOverlay } from './pictures.js';

const options = {
  model: existingModel,
  overlays: optional(text('DIR'), {
    help: 'Writes each frame with its heat map, as JPEG.',
    group: 'Pictures',
  }),
  maps: optional(text('DIR'), {
    help: 'Writes the grid of scores of each frame as 16-bit PNG, with its scale and geometry in a JSON file beside it.',
    group: 'Pictures',
  }),
  backend,
};

export const score = defineCommand(
  {
    name: 'score',
    description:
      'Ends with code 0 if all images could be judged, whatever the verdicts, and with 1 if any was rejected.',
    operand: {
      placeholder: '<images…>',
      help: 'Image files, or folders of them.',
      count: 'many',
    },
    options,
    examples: [
      'patchline score photo.png --model models/screw --overlays out',
      'patchline score photos --model models/screw --json > verdicts.json',
    ],
  },
  run,
);

type ScoreConfig = Config<typeof options>;

async function run(config: ScoreConfig, context: Context): Promise<ExitCode> {
  const { output, operands } = context;
  const bundle = await readBundle(config.model);
  if (config.overlays !== undefined) assertHasMap(bundle, '--overlays');
  if (config.maps !== undefined) assertHasMap(bundle, '--maps');
  const paths = await listImages(operands);
  for (const dir of [config.overlays, config.maps]) if (dir !== undefined) await makeDirectory(dir);
  const name = await chooseFor(config.backend, [bundle], { say: (line) => output.note(line) });
  const judge = await loadJudge(bundle, await startBackend(name));
  const { threshold } = bundle.manifest.calibration;
  const images = await judgeAll(paths, bundle, judge, config, context);
  judge.dispose();
  const tally = tallyOf(images);
  const { ok, anomalous, rejected } = tally;
  output.text(
    `${count(images.length, 'image')}: ${ok} ok, ${anomalous} anomalous, ${rejected} rejected (threshold ${threshold.toFixed(2)})`,
  );
  output.result({
    model: modelResult(config.model, bundle.id, bundle.manifest),
    threshold,
    counts: tally,
    images,
  });
  return rejected > 0 ? 1 : 0;
}

/** What is said of one image; pixel coordinates are those of the file. */
type ImageResult = { readonly file: string } & (
  | (Size &
      Pick<JudgedFrame, 'verdict' | 'score' | 'regions'> & {
        readonly overlay?: string;
        readonly map?: string;
      })
  | {
      readonly verdict: 'rejected';
      readonly error: { readonly code: string; readonly message: string };
    }
);

async function judgeAll(
  paths: readonly string[],
  bundle: Bundle,
  judge: FrameJudge,
  config: ScoreConfig,
  { output, signal }: Context,
): Promise<ImageResult[]> {
  const { input, calibration } = bundle.manifest;
  const names = new FileNames();
  const results: ImageResult[] = [];
  for await (const { item: file, result } of loadAhead(paths, (path) => decodeFile(path, input))) {
    if (signal.aborted) throw stopped(results.length, paths.length, config);
    const name = names.of(file);
    try {
      if (result.status === 'rejected') throw result.reason;
      const frame = await judgeFrame(judge, calibration.threshold, result.value);
      const written = await writePictures(frame, name, bundle, config);
      const { verdict, score, regions, size } = frame;
      results.push({ file, verdict, score, regions, ...size, ...written });
    } catch (error) {
      results.push(rejectionOf(file, error));
    }
    output.text(lineOf(results[results.length - 1]));
  }
  return results;
}

async function writePictures(
  frame: JudgedFrame,
  name: string,
  bundle: Bundle,
  { overlays, maps }: ScoreConfig,
) {
  if (!isLocated(frame)) return {};
  return {
    ...(overlays && {
      overlay: await writeOverlay(overlays, name, frame, bundle.manifest.calibration),
    }),
    ...(maps && { map: await writeMap(maps, name, frame, bundle.id) }),
  };
}

/** Only what is wrong with the image itself is its rejection; all else ends the command. */
function rejectionOf(file: string, error: unknown): ImageResult {
  if (!(error instanceof PatchlineError) || error.disposition !== 'reject') throw error;
  const { code, message } = error;
  return { file, verdict: 'rejected', error: { code, message } };
}

/** `anomalous  9.80  photo.png: 2 regions, the first at 120,44 of 24×10 px` */
function lineOf(image: ImageResult): string {
  const { file, verdict } = image;
  if (image.verdict === 'rejected') {
    const { message } = image.error; // names the file in most cases
    return `rejected       –  ${message.includes(file) ? message : `${file}: ${message}`}`;
  }
  const { score, regions } = image;
  const [first] = regions;
  const where =
    first === undefined
      ? ''
      : `: ${count(regions.length, 'region')}, the strongest ${first.width}×${first.height} px at ${first.x},${first.y}`;
  return `${verdict.padEnd(9)} ${score.toFixed(2).padStart(6)}  ${file}${where}`;
}

function tallyOf(images: readonly ImageResult[]): Record<ImageResult['verdict'], number> {
  const tally = { ok: 0, anomalous: 0, rejected: 0 };
  for (const { verdict } of images) tally[verdict]++;
  return tally;
}

function stopped(done: number, total: number, { overlays, maps }: ScoreConfig): PatchlineError {
  const left = overlays ?? maps;
  const rest = left === undefined ? 'nothing was written' : `their pictures are in ${left}`;
  return new PatchlineError('PL_ABORTED', `stopped after ${done} of ${total} images; ${rest}`);
}

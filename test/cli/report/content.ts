import type { Mistake, ReportContent, ScoredImage } from '../../../src/cli/report/content.js';
import { measureDetector, type ScoredFrame } from '../../../src/evaluate/evaluation.js';
import { thresholdOf } from '../../../src/evaluate/result.js';
import { Random } from '../../../src/random.js';
import { MANIFEST } from '../../model/sample-model.js';

const SIZE = { width: 8, height: 8 };
const THRESHOLD = 3;
/** 1 × 1, grey. */
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

export interface Sample {
  readonly good?: number;
  /** Images of each kind of defect. */
  readonly defective?: number;
  readonly kinds?: readonly string[];
  readonly masks?: boolean;
  /** What every name is: of model, data set, files and images that set the threshold. */
  readonly name?: string;
}

/** A report of made-up images: good ones score about 1, defective ones about 3, the threshold is 3. */
export function sampleContent(sample: Sample = {}): ReportContent {
  const { good = 20, defective = 12, kinds = ['dent', 'crack'], masks = true } = sample;
  const { name = 'surface' } = sample;
  const random = new Random(5);
  const frame = (kind: string, level: number): ScoredFrame => ({
    kind,
    good: kind === 'good',
    score: random.normal(level, 1),
    map: Float32Array.from({ length: 64 }, (_, i) => random.normal(i < 8 ? level : 0, 1)),
  });
  const frames = [
    ...Array.from({ length: good }, () => frame('good', 1)),
    ...kinds.flatMap((kind) => Array.from({ length: defective }, () => frame(kind, 3))),
  ];
  const mask = Uint8Array.from({ length: 64 }, (_, i) => Number(i < 8));
  const truth = frames.map((own) => (own.good || !masks ? undefined : mask));
  const { metrics, curves } = measureDetector(frames, truth, SIZE);
  const calibration = {
    ...MANIFEST.calibration,
    threshold: THRESHOLD,
    setBy: [{ image: name, score: THRESHOLD }],
  };
  const images = frames.map(
    ({ map: _, ...own }, i): ScoredImage => ({ ...own, name: `${name}${i}` }),
  );
  const mistakes = (wrong: (image: ScoredImage) => boolean) => {
    const all = images.filter(wrong);
    const shown = all.slice(0, 3).map((image): Mistake => ({ ...image, ...PICTURES }));
    return { count: all.length, shown };
  };
  return {
    evaluation: {
      dataset: name,
      model: { name, id: 'a1'.repeat(32), dir: 'models/surface' },
      frames: {
        good,
        anomalous: frames.length - good,
        withoutMask: masks ? 0 : frames.length - good,
      },
      ...metrics,
      control: metrics,
      threshold: thresholdOf(frames, calibration),
      timing: { framesPerSecond: 10, threads: 1, backend: 'onnx' },
    },
    manifest: { ...MANIFEST, name, calibration, files: {} },
    curves: { model: curves, control: curves },
    frames: images,
    misses: mistakes((image) => !image.good && image.score <= THRESHOLD),
    falseAlarms: mistakes((image) => image.good && image.score > THRESHOLD),
    at: new Date(Date.UTC(2026, 10, 26, 16, 30)),
  };
}

const PICTURES = { picture: PICTURE, overlay: PICTURE, hasMask: true, width: 64, height: 64 };

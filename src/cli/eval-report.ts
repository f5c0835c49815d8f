/** What `eval --report` writes: scores of all images, and pictures of the worst mistakes. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { loadJudge } from '../detect/frame-judge.js';
import { judgeFrame } from '../detect/judge.js';
import { PatchlineError } from '../errors.js';
import type { TestImage } from '../evaluate/dataset.js';
import type { ScoredFrame } from '../evaluate/evaluation.js';
import { makeDirectory, writeFileAtomically } from '../files.js';
import type { TestRun } from './eval-run.js';
import type { Evaluation } from './eval-table.js';
import { FileNames } from './file-names.js';
import { decodeFile } from './images.js';
import { isLocated, writeOverlay } from './pictures.js';

/** Pictures of each kind of mistake. */
const MAX_PICTURES = 20;

/** Makes the directory. @throws PL_WRITE (usage) if something is in it: pictures would mix */
export async function openReport(dir: string): Promise<void> {
  await makeDirectory(dir);
  if ((await readdir(dir)).length === 0) return;
  throw new PatchlineError('PL_WRITE', `${dir} is not empty`, {
    disposition: 'usage',
    hint: 'give --report a new or empty directory',
  });
}

interface Judged extends TestImage, ScoredFrame {}

/**
 * `images.csv`, `report.json` (the evaluation and all images), `misses/` and `false-alarms/` (the
 * worst first).
 */
export async function writeReport(
  dir: string,
  run: TestRun,
  frames: readonly ScoredFrame[],
  evaluation: Evaluation,
): Promise<void> {
  const judged = run.tests.map((test, i) => ({ ...test, ...frames[i] }));
  const { value } = evaluation.threshold;
  const rows = judged.map(({ path, kind, good, score }) => ({
    file: path,
    kind,
    good,
    score,
    verdict: score > value ? 'anomalous' : 'ok',
  }));
  await writeFileAtomically(join(dir, 'images.csv'), csvOf(rows));
  const report = { ...evaluation, images: rows };
  await writeFileAtomically(join(dir, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  const misses = judged
    .filter(({ good, score }) => !good && score <= value)
    .sort((a, b) => a.score - b.score);
  const falseAlarms = judged
    .filter(({ good, score }) => good && score > value)
    .sort((a, b) => b.score - a.score);
  await writePictures(join(dir, 'misses'), misses, run);
  await writePictures(join(dir, 'false-alarms'), falseAlarms, run);
}

async function writePictures(
  dir: string,
  mistakes: readonly Judged[],
  { bundle, backend, signal }: TestRun,
): Promise<void> {
  if (mistakes.length === 0) return;
  await makeDirectory(dir);
  const { input, calibration } = bundle.manifest;
  const judge = await loadJudge(bundle, backend);
  const names = new FileNames();
  for (const [rank, { path, kind }] of mistakes.slice(0, MAX_PICTURES).entries()) {
    signal.throwIfAborted();
    const frame = await judgeFrame(judge, calibration.threshold, await decodeFile(path, input));
    const place = String(rank + 1).padStart(2, '0');
    if (isLocated(frame))
      await writeOverlay(dir, names.of(`${place}-${kind}-${basename(path)}`), frame, calibration);
  }
  judge.dispose();
}

type Row = Readonly<Record<string, string | number | boolean>>;

/** RFC 4180 */
function csvOf(rows: readonly Row[]): string {
  const head = Object.keys(rows[0]);
  const lines = [head, ...rows.map((row) => head.map((key) => String(row[key])))];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

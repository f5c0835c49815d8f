/**
 * What `eval --report` writes. A file: the report for people. A directory: the same, the scores of
 * all images, and pictures of the worst mistakes.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { PatchlineError } from '../errors.js';
import type { Measured, ScoredFrame } from '../evaluate/evaluation.js';
import type { Evaluation } from '../evaluate/result.js';
import { makeDirectory, writeFileAtomically } from '../files.js';
import { falseAlarmsOf, type Judged, judgedAgain, missesOf } from './eval-mistakes.js';
import type { TestRun } from './eval-run.js';
import { FileNames } from './file-names.js';
import { writeOverlay } from './pictures.js';
import { reportPage } from './report/page.js';
import { mistakesWithPictures } from './report/thumbnails.js';

/** Pictures of each kind of mistake in a directory. */
const MAX_PICTURES = 20;

/** Whether a report is one file. */
function isPage(path: string): boolean {
  return ['.html', '.htm'].includes(extname(path).toLowerCase());
}

/**
 * Makes the directory, before minutes are spent.
 *
 * @throws PL_WRITE (usage) if something is in it: pictures would mix; or if a page is one
 */
export async function openReport(path: string): Promise<void> {
  await makeDirectory(isPage(path) ? dirname(path) : path);
  if (isPage(path)) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw unfit(`${path} is a directory`, 'a file ending in .html');
  } else if ((await readdir(path)).length > 0) {
    throw unfit(`${path} is not empty`, 'a new or empty directory, or a file ending in .html');
  }
}

function unfit(message: string, what: string): PatchlineError {
  return new PatchlineError('PL_WRITE', message, {
    disposition: 'usage',
    hint: `give --report ${what}`,
  });
}

/** What an evaluation has found, for its report. */
export interface Findings {
  readonly run: TestRun;
  readonly evaluation: Evaluation;
  /** One a test image. */
  readonly frames: readonly ScoredFrame[];
  readonly masks: readonly (Uint8Array | undefined)[];
  readonly curves: { readonly model: Measured['curves']; readonly control: Measured['curves'] };
}

export async function writeReport(path: string, findings: Findings): Promise<void> {
  const { run, frames, masks } = findings;
  const judged = run.tests.map((test, i): Judged => ({ ...test, ...frames[i], mask: masks[i] }));
  if (isPage(path)) {
    await writePage(path, findings, judged);
    return;
  }
  await writePage(join(path, 'report.html'), findings, judged);
  await writeTables(path, findings.evaluation, judged);
  const { value } = findings.evaluation.threshold;
  await writePictures(join(path, 'misses'), missesOf(judged, value), run);
  await writePictures(join(path, 'false-alarms'), falseAlarmsOf(judged, value), run);
}

async function writePage(
  path: string,
  { run, evaluation, curves }: Findings,
  judged: readonly Judged[],
): Promise<void> {
  const { value } = evaluation.threshold;
  const page = reportPage({
    evaluation,
    manifest: run.bundle.manifest,
    curves,
    frames: judged.map((image) => ({ ...image, name: basename(image.path) })),
    misses: await mistakesWithPictures(missesOf(judged, value), run),
    falseAlarms: await mistakesWithPictures(falseAlarmsOf(judged, value), run),
    at: new Date(),
  });
  await writeFileAtomically(path, page);
}

/** `images.csv`, and `report.json`: the evaluation and all images. */
async function writeTables(
  dir: string,
  evaluation: Evaluation,
  judged: readonly Judged[],
): Promise<void> {
  const rows = judged.map(({ path, kind, good, score }) => ({
    file: path,
    kind,
    good,
    score,
    verdict: score > evaluation.threshold.value ? 'anomalous' : 'ok',
  }));
  await writeFileAtomically(join(dir, 'images.csv'), csvOf(rows));
  const report = { ...evaluation, images: rows };
  await writeFileAtomically(join(dir, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
}

async function writePictures(
  dir: string,
  mistakes: readonly Judged[],
  run: TestRun,
): Promise<void> {
  if (mistakes.length === 0) return;
  await makeDirectory(dir);
  const names = new FileNames();
  let rank = 0;
  for await (const { image, frame } of judgedAgain(mistakes.slice(0, MAX_PICTURES), run)) {
    const place = String(++rank).padStart(2, '0');
    const name = names.of(`${place}-${image.kind}-${basename(image.path)}`);
    await writeOverlay(dir, name, frame, run.bundle.manifest.calibration);
  }
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

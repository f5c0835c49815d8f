/**
 * A whole worker in a process of its own: judges the images of a folder, again and again.
 * `node worker-process.js MODEL FOLDER RESULTS ROUNDS`
 */
import { Engine } from '../../src/engine/engine.js';
import { ModelSet } from '../../src/engine/models.js';
import { asPatchlineError } from '../../src/errors.js';
import { readBundle } from '../../src/model/bundle.js';
import { FolderSink } from '../../src/stream/folder/sink.js';
import { FolderSource } from '../../src/stream/folder/source.js';
import { defaultCredits, StreamWorker } from '../../src/stream/worker.js';

const [model, folder, results, rounds] = process.argv.slice(2);
const halt = new AbortController();
process.once('SIGTERM', () => halt.abort());
const models = ModelSet.single(await readBundle(model));
const engine = new Engine({ models, encoderThreads: 1, decodeThreads: 1 });
const source = new FolderSource(folder, { rounds: Number(rounds) });
const sinks = [await FolderSink.open(results, { maps: true })];
const credits = defaultCredits(engine.framesInWork);
try {
  await new StreamWorker({ engine, source, sinks, credits }).run(halt.signal);
} catch (error) {
  process.stderr.write(`${asPatchlineError(error).explanation}\n`);
  process.exitCode = 1; // the process ends by itself: nothing may hold it
}

/** Which back end runs a model: the one that was asked for by name, or the fastest in a probe. */
import { availableParallelism, cpus } from 'node:os';
import { PatchlineError } from '../errors.js';
import { PATCHLINE_VERSION } from '../version.js';
import { AUTOMATIC_BACKENDS, type BackendName } from './backends.js';
import { ProbeMemory, type Rates } from './memory.js';
import { type ProbeModel, type ProbeResult, probe } from './probe.js';

export type BackendChoice = BackendName | 'auto';

export interface ChoiceContext {
  /** Told once why, if there was a choice. */
  readonly say: (line: string) => void;
  readonly memory?: ProbeMemory;
  /** Another one in tests. */
  readonly probe?: typeof probe;
}

/** @throws PL_BACKEND if none of those to choose from runs here */
export async function chooseBackend(
  choice: BackendChoice,
  model: ProbeModel,
  { say, memory = new ProbeMemory(), probe: measure = probe }: ChoiceContext,
): Promise<BackendName> {
  if (choice !== 'auto') return choice;
  const facts = factsOf(model);
  const known = await memory.recall(facts);
  const results = known ?? (await measure(AUTOMATIC_BACKENDS, model));
  const rates = fastestFirst(results);
  if (rates.length === 0) throw noneRuns(results);
  // What fails may be mended by the next start: it is tried again.
  const complete = rates.length === AUTOMATIC_BACKENDS.length;
  if (known === undefined && complete) await memory.remember(facts, rates);
  say(sentence(rates, results, model, known !== undefined));
  return rates[0].name as BackendName;
}

/** All that the rates depend on. */
function factsOf({ network, views, size }: ProbeModel): object {
  return {
    patchline: PATCHLINE_VERSION,
    node: process.version,
    machine: [process.platform, process.arch, cpus()[0]?.model, availableParallelism()],
    backends: AUTOMATIC_BACKENDS,
    layers: network.map(({ kernel, stride, channels }) => [kernel, stride, channels]),
    views: views.map(({ name, want }) => [
      name,
      want.kind,
      'centres' in want ? want.centres.length : 0,
    ]),
    size,
  };
}

function fastestFirst(results: readonly (ProbeResult | Rates[number])[]): Rates {
  return results
    .flatMap((result) => ('framesPerSecond' in result ? [result] : []))
    .sort((a, b) => b.framesPerSecond - a.framesPerSecond);
}

function noneRuns(results: readonly (ProbeResult | Rates[number])[]): PatchlineError {
  return new PatchlineError(
    'PL_BACKEND',
    `no back end runs here: ${failures(results).join('; ')}`,
    {
      hint: 'say which one with --backend, to see all of its error',
    },
  );
}

function failures(results: readonly (ProbeResult | Rates[number])[]): string[] {
  return results.flatMap((result) =>
    'failure' in result ? [`${result.name}: ${result.failure}`] : [],
  );
}

/** `back end onnx: 82 frames/s of 256×256 a thread, against wasm 24 (measured by a probe)` */
function sentence(
  [best, ...others]: Rates,
  results: readonly (ProbeResult | Rates[number])[],
  { size }: ProbeModel,
  remembered: boolean,
): string {
  const round = ({ framesPerSecond }: Rates[number]): string =>
    framesPerSecond.toFixed(framesPerSecond < 10 ? 1 : 0);
  const rivals = others.map((other) => `${other.name} ${round(other)}`).join(', ');
  const how = remembered ? 'as an earlier probe measured' : 'measured by a probe';
  const lines = [
    `back end ${best.name}: ${round(best)} frames/s of ${size.width}×${size.height} px a thread${rivals && `, against ${rivals}`} (${how})`,
    ...failures(results).map((failure) => `does not run here: ${failure}`),
  ];
  return lines.join('; ');
}

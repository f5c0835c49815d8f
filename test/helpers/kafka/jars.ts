/** The jars of Apache Kafka: fetched from Maven Central once, kept in the git-ignored `jars/`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const KAFKA_VERSION = process.env.PATCHLINE_KAFKA_VERSION ?? '4.3.1';

/** Compiled, this file lies in dist/test/helpers/kafka. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const POM = join(ROOT, 'test/helpers/kafka/pom.xml');

/** A fetch that takes longer than this died and left its lock behind, milliseconds. */
const LOCK_MS = 180_000;

export interface Jars {
  /** Sorted: the class archive is only valid for the same class path. */
  readonly classPath: string;
  /** Halves the start-up time; made by the first broker that ends cleanly. */
  readonly archive: string;
}

/** Why a broker cannot be started here; undefined if it can. */
export function missingTools(): string | undefined {
  const here = existsSync(jarFolder());
  const tools = here ? ['java'] : ['java', 'mvn'];
  const missing = tools.filter((tool) => spawnSync(tool, ['-version']).status !== 0);
  return missing.length === 0 ? undefined : `no ${missing.join(' and no ')} on the PATH`;
}

export async function fetchJars(): Promise<Jars> {
  const folder = jarFolder();
  if (!existsSync(folder)) await alone(`${folder}.lock`, () => fetchInto(folder));
  const names = readdirSync(folder).filter((name) => name.endsWith('.jar'));
  return {
    classPath: names
      .sort()
      .map((name) => join(folder, name))
      .join(':'),
    archive: join(folder, 'classes.jsa'),
  };
}

function jarFolder(): string {
  return join(ROOT, 'jars', KAFKA_VERSION);
}

function fetchInto(folder: string): void {
  if (existsSync(folder)) return; // another process was faster
  const partial = `${folder}.partial`;
  const goal = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies'];
  const options = [`-Dkafka.version=${KAFKA_VERSION}`, `-DoutputDirectory=${partial}`];
  const { status, stdout } = spawnSync('mvn', [...goal, ...options], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Kafka ${KAFKA_VERSION} could not be fetched:\n${stdout}`);
  renameSync(partial, folder);
}

/** Test files run side by side: one of them fetches, the others wait. */
async function alone(lock: string, work: () => void): Promise<void> {
  mkdirSync(join(lock, '..'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LOCK_MS) rmSync(lock, { recursive: true, force: true });
      await sleep(200);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

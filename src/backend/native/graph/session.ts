/** A graph in TensorFlow: loaded once, run by one call. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { PatchlineError } from '../../../errors.js';
import type { Binding, NodeBackend } from '../binding.js';
import type { Graph } from './graph.js';
import { encodeSavedModel, TAG } from './model.js';

/**
 * What goes into a graph: one text, or several of one length. The addon copies texts. Numbers it would
 * go on to read where they are, and let go of in whichever thread of TensorFlow is the last to do so,
 * which Node does not bear; and on a GPU it would send them there and fetch them back for the run.
 */
export type Feed = Bytes | readonly Bytes[];

type Bytes = Uint8Array | Int32Array | Float32Array;

const PREFIX = 'patchline-graph-';

export class Session {
  /** Of the graph and its weights. */
  readonly bytes: number;
  readonly #binding: Binding;
  readonly #id: number;

  private constructor(binding: Binding, id: number, bytes: number) {
    this.#binding = binding;
    this.#id = id;
    this.bytes = bytes;
  }

  /** @throws PL_BACKEND with TensorFlow's reason, if it does not take the graph */
  static async load(graph: Graph, binding = runningBinding()): Promise<Session> {
    const model = encodeSavedModel(graph.nodes);
    try {
      return await inFolder(async (folder) => {
        await writeFile(join(folder, 'saved_model.pb'), model);
        return new Session(binding, binding.loadSavedModel(folder, TAG), model.length);
      });
    } catch (cause) {
      throw graphError('load', cause);
    }
  }

  /**
   * Waits in this thread.
   *
   * @param outputs names of outputs
   * @returns their numbers, in the same order
   */
  run(feeds: Readonly<Record<string, Feed>>, outputs: readonly string[]): Float32Array[] {
    const binding = this.#binding;
    const held: number[] = [];
    try {
      for (const feed of Object.values(feeds)) held.push(textTensor(binding, feed));
      const names = Object.keys(feeds).map(firstOf).join();
      const results = binding.runSavedModel(this.#id, held, names, outputs.map(firstOf).join());
      const inputs = held.length;
      for (const { id } of results) held.push(id);
      return held.slice(inputs).map((id) => binding.tensorDataSync(id));
    } catch (cause) {
      throw graphError('run', cause);
    } finally {
      for (const id of held) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    this.#binding.deleteSavedModel(this.#id);
  }
}

/** The addon of this thread, where `tensorflow` was started last. */
export function runningBinding(): Binding {
  return (tf.backend() as NodeBackend).binding;
}

/** Work with a folder of its own, which is gone afterwards: the addon loads nothing but files. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX)).catch(
    () => mkdtemp(join('/dev/shm', PREFIX)), // all that can be written to in a hardened container
  );
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns its id */
function textTensor(binding: Binding, feed: Feed): number {
  if (ArrayBuffer.isView(feed)) return binding.createTensor([], binding.TF_STRING, [bytesOf(feed)]);
  return binding.createTensor([feed.length], binding.TF_STRING, feed.map(bytesOf));
}

function bytesOf({ buffer, byteOffset, byteLength }: Bytes): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** An operator's first output, as the addon names it. */
function firstOf(name: string): string {
  return `${name}:0`;
}

function graphError(what: string, cause: unknown): PatchlineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PatchlineError('PL_BACKEND', `'tensorflow' does not ${what} the network: ${why}`, {
    cause,
  });
}

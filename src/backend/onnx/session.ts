/** A graph in onnxruntime: loaded once, run with typed arrays. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from './graph.js';
import { encodeModel } from './model.js';

/** An encoder thread is one core's worth of work, so one thread, and nothing that waits by spinning. */
const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  executionMode: 'sequential',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3, // errors
};

export type Feeds = Readonly<Record<string, Tensor>>;
export type Fetches = InferenceSession.OnnxValueMapType;

export class Session {
  /** Of the graph and its weights. */
  readonly bytes: number;
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession, bytes: number) {
    this.#session = session;
    this.bytes = bytes;
  }

  /** @throws onnxruntime's error for a graph that it does not take */
  static async load(graph: Graph): Promise<Session> {
    const model = encodeModel({
      name: 'encoder',
      producer: 'patchline',
      producerVersion: '',
      ...graph,
    });
    return new Session(await InferenceSession.create(model, OPTIONS), model.length);
  }

  run(feeds: Feeds): Promise<Fetches> {
    return this.#session.run(feeds);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

export function bytesTensor(data: Uint8Array, shape: readonly number[]): Tensor {
  return new Tensor('uint8', data, shape);
}

export function floatsTensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new Tensor('float32', data, shape);
}

export function integersTensor(values: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values.map(BigInt)), [values.length]);
}

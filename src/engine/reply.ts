/** What the engine's threads answer: values whose arrays move, and errors that keep their fields. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { asPatchlineError, type ErrorDetails, PatchlineError } from '../errors.js';

/** An error that is cloned into another thread loses its class and its fields: so it travels as these. */
interface Failure extends Pick<ErrorDetails, 'disposition' | 'hint'> {
  readonly code: PatchlineError['code'];
  readonly message: string;
}

export type Reply<T> = { readonly value: T } | { readonly failure: Failure };

type Arrays = readonly (Uint8Array | Int32Array | Float32Array | undefined)[];

/**
 * A task of a thread: does `work` and answers with its value or its error.
 *
 * @param arraysOf arrays of the value that move to the caller instead of being copied; the thread
 *   must not touch them afterwards
 */
export function answering<Task, Value>(
  work: (task: Task) => Promise<Value>,
  arraysOf: (value: Value) => Arrays,
): (task: Task) => Promise<Reply<Value>> {
  return async (task) => {
    try {
      const value = await work(task);
      const moving = { [transferableSymbol]: buffersOf(arraysOf(value)), [valueSymbol]: { value } };
      return move(moving) as unknown as Reply<Value>;
    } catch (error) {
      const { code, message, disposition, hint } = asPatchlineError(error, 'PL_BACKEND');
      return { failure: { code, message, disposition, ...(hint !== undefined && { hint }) } };
    }
  };
}

/** @throws the error that the task threw */
export function unwrap<T>(reply: Reply<T>): T {
  if ('value' in reply) return reply.value;
  const { code, message, ...details } = reply.failure;
  throw new PatchlineError(code, message, details);
}

/** The memory of arrays, each buffer once: what `postMessage` moves. */
export function buffersOf(arrays: Arrays): ArrayBuffer[] {
  const buffers = arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
  return [...new Set(buffers)];
}

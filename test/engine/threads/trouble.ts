/** A thread module for tests: tasks that fail in every way a thread can. */
import { parentPort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { answering } from '../../../src/engine/reply.js';
import { PatchlineError } from '../../../src/errors.js';

export interface TroubleData {
  /** How often the module may load; then it throws or exits. */
  readonly loads?: Int32Array;
  readonly then?: 'throw' | 'exit';
}

const { loads, then = 'throw' } = (workerData ?? {}) as TroubleData;
if (loads !== undefined && Atomics.sub(loads, 0, 1) <= 0) {
  if (then === 'exit') process.exit(3);
  throw new PatchlineError('PL_BACKEND', 'no back end', { hint: 'install one' });
}

export const echo = answering(
  async (array: Uint8Array) => array,
  (array) => [array],
);

const nothing = () => [];

export const refuse = answering(async (label: string): Promise<void> => {
  throw new PatchlineError('PL_IMAGE_SIZE', `${label} is too wide`, {
    disposition: 'reject',
    hint: 'crop it',
    cause: new Error('as libvips says'),
  });
}, nothing);

/** An error that cannot be cloned. */
export const stumble = answering(async (_: undefined): Promise<void> => {
  throw Object.assign(new TypeError('not a function'), { callback: () => {} });
}, nothing);

export const exit = answering(async (code: number): Promise<void> => process.exit(code), nothing);

/** An error that nobody awaits, while the task runs on. */
export const burst = answering(async (message: string): Promise<void> => {
  setImmediate(() => {
    throw new Error(message);
  });
  await new Promise(() => {});
}, nothing);

/** The same after the task has been answered. */
export const burstLater = answering(async (message: string): Promise<void> => {
  parentPort?.once('message', () => {}); // stays alive
  setTimeout(() => {
    throw new Error(message);
  }, 20);
}, nothing);

export const spin = answering(async (_: undefined): Promise<void> => {
  for (;;);
}, nothing);

export const devour = answering(async (_: undefined): Promise<number> => {
  const heap: unknown[] = [];
  for (;;) {
    heap.push(new Array(10_000).fill(heap.length));
    await new Promise(setImmediate); // V8 ends the thread here, before it has to end the process
  }
}, nothing);

/** Sets a variable of the environment. */
export const settle = answering(async (name: string): Promise<void> => {
  process.env[name] = 'set by a thread';
}, nothing);

/** How many of these have run before. */
export const next = answering(
  async (count: Int32Array): Promise<number> => Atomics.add(count, 0, 1),
  nothing,
);

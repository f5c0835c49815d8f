/**
 * The proxy task (CutPaste §2.1) as a network learns it, whichever network that is: step by step,
 * with looks at images that it does not learn from, and checkpoints to go on from.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Batch } from '../cutpaste/batch.js';
import { assertShape } from '../cutpaste/parameters.js';
import type { StepResult, Trainer } from '../cutpaste/trainer.js';
import type { Pixels } from '../frame/pixels.js';
import type { Tensor } from '../model/safetensors.js';
import { type HeldOut, lookAt, verdictOn } from './held-out.js';
import type { GoodImage } from './images.js';
import type { OnProgress } from './options.js';

/** Where a run keeps what it needs to go on after an interruption. */
export interface Checkpoints {
  load(): Promise<Record<string, Tensor> | undefined>;
  save(tensors: Record<string, Tensor>): Promise<void>;
}

/** How a training reports, is kept and is stopped. */
export interface TrainingContext {
  readonly onProgress: OnProgress;
  readonly checkpoints?: Checkpoints;
  readonly signal?: AbortSignal;
}

export interface ProxyTask {
  readonly steps: number;
  readonly images: readonly GoodImage[];
  /** Good images that tell whether anything is learned; the network never sees them. */
  readonly heldOut: readonly GoodImage[];
  /** @param draw number of the batch: another one is another batch of the same images */
  readonly batchOf: (images: readonly Pixels[], draw: number) => Batch;
}

/** What came of it: loss and accuracy over the last steps, and on images that it has not seen. */
export interface ProxyResult extends StepResult {
  readonly heldOut: HeldOut;
}

/** Steps between two checkpoints: half a minute of the patch encoder, minutes of a ResNet-18. */
const CHECKPOINT_STEPS = 50;
/** Steps between two looks at held-out images: a look costs two thirds of a step. */
const LOOK_STEPS = 25;

/** Trains to the last step. Lets the event loop breathe between steps, so that an abort is seen. */
export async function learnProxyTask(
  trainer: Trainer<unknown>,
  { steps, images, heldOut, batchOf }: ProxyTask,
  { onProgress, checkpoints, signal }: TrainingContext,
): Promise<ProxyResult> {
  const smooth = new Smoothed();
  const saved = await checkpoints?.load();
  if (saved !== undefined) {
    smooth.restore(saved);
    trainer.restore(saved);
  }
  const save = async () => checkpoints?.save({ ...trainer.checkpoint(), ...smooth.checkpoint() });
  const [pixels, others] = [pixelsOf(images), pixelsOf(heldOut)];
  const heldOutBatch = (i: number) => batchOf(others, steps + i); // no step's draws
  let look: StepResult | undefined;
  while (trainer.step < steps) {
    await breathe();
    if (signal?.aborted) {
      if (trainer.step > 0) await save(); // a stopped run loses no step
      signal.throwIfAborted();
    }
    smooth.add(trainer.train(batchOf(pixels, trainer.step)));
    if (trainer.step % LOOK_STEPS === 0) look = lookAt(trainer, heldOutBatch);
    const held = look && { heldOut: look };
    onProgress({ phase: 'train', done: trainer.step, total: steps, ...smooth.value, ...held });
    if (trainer.step % CHECKPOINT_STEPS === 0 || trainer.step === steps) await save();
  }
  return { ...smooth.value, heldOut: verdictOn(trainer, heldOutBatch) };
}

function pixelsOf(images: readonly GoodImage[]): Pixels[] {
  return images.map((image) => image.pixels);
}

/**
 * Exponential mean of loss and accuracy over about 20 steps, without the bias of the start. Kept in
 * float32 as the checkpoint stores it: a resumed run must report the same.
 */
class Smoothed {
  static readonly #keep = 0.95;
  readonly #sums = new Float32Array(3); // loss, accuracy, weight

  add({ loss, accuracy }: StepResult): void {
    [loss, accuracy, 1].forEach((value, i) => {
      this.#sums[i] = Smoothed.#keep * this.#sums[i] + (1 - Smoothed.#keep) * value;
    });
  }

  get value(): StepResult {
    const [loss, accuracy, weight] = this.#sums;
    return { loss: loss / weight, accuracy: accuracy / weight };
  }

  checkpoint(): Record<string, Tensor> {
    return { progress: { shape: [3], data: this.#sums.slice() } };
  }

  /** @throws PL_STATE if the checkpoint is of something else */
  restore(checkpoint: Readonly<Record<string, Tensor>>): void {
    assertShape(checkpoint, 'progress', [3]);
    this.#sums.set(checkpoint.progress.data);
  }
}

import { PatchlineError } from '../errors.js';
import type { Tensor } from '../model/safetensors.js';
import type { OptimiserOptions } from './optimiser.js';

/**
 * What training changes, by name, each with its momentum. Kept as plain numbers between steps: few
 * enough to be uploaded anew for each, and then nothing has to be freed, however a run ends.
 */
export class Parameters {
  readonly #values = new Map<string, Tensor>();
  readonly #velocities = new Map<string, Float32Array>();

  add(name: string, shape: readonly number[], data: Float32Array): void {
    this.#values.set(name, { shape, data });
    this.#velocities.set(name, new Float32Array(data.length));
  }

  /** The values as they are now; the next step changes them in place. */
  get values(): ReadonlyMap<string, Tensor> {
    return this.#values;
  }

  /** v ← momentum·v + gradient + decay·w; w ← w − rate·v. */
  descend(
    gradients: ReadonlyMap<string, Float32Array>,
    rate: number,
    { momentum, weightDecay }: Pick<OptimiserOptions, 'momentum' | 'weightDecay'>,
  ): void {
    for (const [name, { data }] of this.#values) {
      const velocity = this.#velocities.get(name) as Float32Array;
      const gradient = gradients.get(name) as Float32Array;
      for (let i = 0; i < data.length; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i] + weightDecay * data[i];
        data[i] -= rate * velocity[i];
      }
    }
  }

  /** Copies of values and momenta. */
  checkpoint(): Record<string, Tensor> {
    const out: Record<string, Tensor> = {};
    for (const [name, { shape, data }] of this.#values) {
      out[name] = { shape, data: data.slice() };
      out[velocityOf(name)] = { shape, data: (this.#velocities.get(name) as Float32Array).slice() };
    }
    return out;
  }

  /** @throws PL_STATE, and changes nothing, if the checkpoint is not of these parameters */
  restore(checkpoint: Readonly<Record<string, Tensor>>): void {
    for (const [name, { shape }] of this.#values) {
      assertShape(checkpoint, name, shape);
      assertShape(checkpoint, velocityOf(name), shape);
    }
    for (const [name, { data }] of this.#values) {
      data.set(checkpoint[name].data);
      this.#velocities.get(name)?.set(checkpoint[velocityOf(name)].data);
    }
  }
}

function velocityOf(name: string): string {
  return `velocity.${name}`;
}

/** @throws PL_STATE */
export function assertShape(
  checkpoint: Readonly<Record<string, Tensor>>,
  name: string,
  shape: readonly number[],
): void {
  const found = checkpoint[name]?.shape;
  if (found?.join() === shape.join()) return;
  const what = found === undefined ? 'is missing' : `has shape [${found}], expected [${shape}]`;
  throw new PatchlineError(
    'PL_STATE',
    `the checkpoint is of another training run: '${name}' ${what}`,
    {
      hint: 'delete the checkpoint to train from the start',
    },
  );
}

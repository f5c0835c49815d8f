import { readFileSync } from 'node:fs';
import type { Tensor } from '../../../src/model/safetensors.js';

type Named = [name: string, shape: number[]];

/** Some numbers of an array, where they are, and the norm of all. */
export interface Some {
  readonly at: number[];
  readonly values: number[];
  readonly norm: number;
}

interface Reference {
  readonly loading: {
    readonly height: number;
    readonly width: number;
    readonly tensors: Named[];
    readonly blocks: Some[];
  };
  readonly training: {
    readonly widths: number[];
    readonly side: number;
    readonly count: number;
    readonly loss: number;
    readonly accuracy: number;
    readonly tensors: Named[];
    readonly order: string[];
    readonly gradients: Record<string, Some>;
  };
}

/** Figures of PyTorch, torchvision and timm: written by test/data/resnet18_torch.py. */
export const reference: Reference = JSON.parse(
  readFileSync(new URL('../../../../test/data/resnet18_torch.json', import.meta.url), 'utf8'),
);

/** The seeded numbers of that script, as torchvision and timm name and shape them. */
export function seededTensors(
  named: readonly Named[],
  order: readonly string[],
): Record<string, Tensor> {
  const places = new Map(order.map((name, index) => [name, index]));
  return Object.fromEntries(
    named.map(([name, shape]) => [name, seeded(places.get(name) as number, name, shape)]),
  );
}

function seeded(index: number, name: string, shape: readonly number[]): Tensor {
  if (name.endsWith('running_var')) return waves(index, shape, 0.5, 1);
  if (shape.length === 1) return waves(index, shape, 0.2, name.endsWith('weight') ? 1 : 0);
  const fanIn = shape.slice(1).reduce((a, b) => a * b);
  return waves(index, shape, Math.sqrt(4 / fanIn), 0);
}

function waves(index: number, shape: readonly number[], scale: number, offset: number): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  for (let i = 0; i < data.length; i++) data[i] = offset + scale * Math.sin(12.9898 * i + index);
  return { shape, data };
}

/** cos(i), [n, height, width, 3] */
export function cosines(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.cos(i));
}

/** A detector's arrays as named tensors, and back. Names: `conv0.filter`, `rf64.whitening` … */
import type { FoldedNetwork } from '../cutpaste/network.js';
import type { Density } from '../density/density.js';
import { PatchlineError } from '../errors.js';
import type { DetectorSpec, ViewSpec } from './manifest.js';
import type { Tensor } from './safetensors.js';

export type Tensors = Record<string, Tensor>;

export function networkTensors(network: FoldedNetwork): Tensors {
  const out: Tensors = {};
  let inputs = 3;
  network.forEach(({ kernel, channels, filter, bias }, i) => {
    out[`conv${i}.filter`] = { shape: [kernel, kernel, inputs, channels], data: filter };
    out[`conv${i}.bias`] = { shape: [channels], data: bias };
    inputs = channels;
  });
  return out;
}

export function networkFrom(
  tensors: Tensors,
  { layers, file }: DetectorSpec['network'],
): FoldedNetwork {
  let inputs = 3;
  return layers.map((layer, i) => {
    const { kernel, channels } = layer;
    const filter = take(tensors, file, `conv${i}.filter`, [kernel, kernel, inputs, channels]);
    inputs = channels;
    return { ...layer, filter, bias: take(tensors, file, `conv${i}.bias`, [channels]) };
  });
}

export function densityTensors(
  views: readonly Pick<ViewSpec, 'name'>[],
  densities: readonly Density[],
): Tensors {
  const out: Tensors = {};
  views.forEach(({ name }, v) => {
    for (const [field, tensor] of Object.entries(fieldsOf(densities[v])))
      out[`${name}.${field}`] = tensor;
  });
  return out;
}

function fieldsOf(density: Density): Tensors {
  const { dim, mean, whitening } = density;
  if (density.kind === 'location') {
    const { rows, cols } = density;
    return {
      mean: { shape: [rows, cols, dim], data: mean },
      whitening: { shape: [rows, cols, dim, dim], data: whitening },
    };
  }
  const space = {
    mean: { shape: [dim], data: mean },
    whitening: { shape: [dim, dim], data: whitening },
  };
  if (density.kind === 'gaussian') return space;
  const count = density.centres.length / dim;
  const centres = { shape: [count, dim], data: density.centres };
  if (density.kind === 'kernel') {
    return {
      ...space,
      centres,
      bandwidth: { shape: [1], data: Float32Array.of(density.bandwidth) },
    };
  }
  return {
    ...space,
    centres,
    plain: { shape: [2], data: Float32Array.of(density.plainMean, density.plainDeviation) },
    centreMean: { shape: [count], data: density.centreMean },
    centreDeviation: { shape: [count], data: density.centreDeviation },
  };
}

/** @throws PL_BUNDLE_CORRUPT naming the tensor that is missing or misshapen */
export function densitiesFrom(tensors: Tensors, spec: DetectorSpec): Density[] {
  return spec.views.map((view) => densityFrom(tensors, spec.densityFile, view));
}

export function densityFrom(
  tensors: Tensors,
  file: string,
  view: Pick<ViewSpec, 'name' | 'dim' | 'density' | 'mix'>,
): Density {
  const { name, dim, density: kind } = view;
  const read = (field: string, shape: readonly (number | undefined)[]): Float32Array =>
    take(tensors, file, `${name}.${field}`, shape);
  if (kind === 'location') {
    const mean = read('mean', [undefined, undefined, dim]);
    const [rows, cols] = tensors[`${name}.mean`].shape;
    return { kind, dim, rows, cols, mean, whitening: read('whitening', [rows, cols, dim, dim]) };
  }
  const space = { dim, mean: read('mean', [dim]), whitening: read('whitening', [dim, dim]) };
  if (kind === 'gaussian') return { kind, ...space };
  const centres = read('centres', [undefined, dim]);
  if (kind === 'kernel') return { kind, ...space, centres, bandwidth: read('bandwidth', [1])[0] };
  const count = centres.length / dim;
  const [plainMean, plainDeviation] = read('plain', [2]);
  return {
    kind,
    ...space,
    mix: view.mix ?? 'both',
    centres,
    plainMean,
    plainDeviation,
    centreMean: read('centreMean', [count]),
    centreDeviation: read('centreDeviation', [count]),
  };
}

/** @throws PL_BUNDLE_CORRUPT naming the tensor that is missing or misshapen */
export function take(
  tensors: Tensors,
  file: string,
  name: string,
  shape: readonly (number | undefined)[],
): Float32Array {
  const tensor = tensors[name];
  const fits =
    tensor?.shape.length === shape.length &&
    shape.every((n, i) => n === undefined || n === tensor.shape[i]);
  if (fits) return tensor.data;
  const found = tensor === undefined ? 'is missing' : `has shape [${tensor.shape}]`;
  const expected = shape.map((n) => n ?? '?').join(', ');
  throw new PatchlineError(
    'PL_BUNDLE_CORRUPT',
    `${file}: '${name}' ${found}, expected [${expected}]`,
    {
      hint: 'copy the model again from where it was trained',
    },
  );
}

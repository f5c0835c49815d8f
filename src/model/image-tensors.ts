/** An image-level detector's arrays as named tensors, and back: `layer1.0.conv1.filter`, `frame.mean` … */
import { mapConvolutions, resnet18Shape } from '../cutpaste/resnet18/architecture.js';
import type { FoldedResNet18 } from '../cutpaste/resnet18/weights.js';
import type { Density } from '../density/density.js';
import { densityFrom, densityTensors, type Tensors, take } from './detector-tensors.js';
import type { ImageDetectorSpec } from './manifest.js';

const VIEW = 'frame';

export function resnet18Tensors(network: FoldedResNet18): Tensors {
  const out: Tensors = {};
  mapConvolutions(network, ({ name, kernel, inputs, channels, filter, bias }) => {
    out[`${name}.filter`] = { shape: [kernel, kernel, inputs, channels], data: filter };
    out[`${name}.bias`] = { shape: [channels], data: bias };
  });
  return out;
}

/** @throws PL_BUNDLE_CORRUPT naming the tensor that is missing or misshapen */
export function resnet18From(tensors: Tensors, file: string): FoldedResNet18 {
  return mapConvolutions(resnet18Shape(), (shape) => {
    const { name, kernel, inputs, channels } = shape;
    const filter = take(tensors, file, `${name}.filter`, [kernel, kernel, inputs, channels]);
    return { ...shape, filter, bias: take(tensors, file, `${name}.bias`, [channels]) };
  });
}

export function imageDensityTensors(density: Density): Tensors {
  return densityTensors([{ name: VIEW }], [density]);
}

/** @throws PL_BUNDLE_CORRUPT naming the tensor that is missing or misshapen */
export function imageDensityFrom(tensors: Tensors, spec: ImageDetectorSpec): Density {
  return densityFrom(tensors, spec.densityFile, { ...spec, name: VIEW });
}

/**
 * TensorFlow's own operations for training through batch normalisation, as kernels of TensorFlow.js
 * (which composes it of some 25 others): their inputs and outputs are tensors like all others.
 */
import * as tf from '@tensorflow/tfjs-core';
import { attributes, type KernelArguments, type NodeBackend } from './binding.js';

type Tensors = Readonly<Record<string, tf.TensorInfo>>;

export function registerBatchNormalisation(): void {
  const backendName = 'tensorflow';
  tf.registerKernel({ kernelName: 'FusedBatchNormV3', backendName, kernelFunc: forward });
  tf.registerKernel({ kernelName: 'FusedBatchNormGradV3', backendName, kernelFunc: backward });
  tf.registerKernel({ kernelName: 'ReluGrad', backendName, kernelFunc: reluBackward });
}

/** → y, mean, variance, and three tensors that the backward pass needs */
function forward({ inputs, attrs, backend }: KernelArguments): tf.TensorInfo[] {
  const native = backend as NodeBackend;
  const { x, scale, shift } = inputs as Tensors;
  const none = tf.tensor1d([]); // running moments, which are not kept
  const table = [
    ...common(native, attrs),
    ...attributes(native.binding, { exponential_avg_factor: ['FLOAT', 1] }),
  ];
  const outputs = native.executeMultipleOutputs(
    'FusedBatchNormV3',
    table,
    [x, scale, shift, none, none],
    6,
  );
  none.dispose();
  return outputs;
}

/** → ∂x, ∂scale, ∂shift, and two tensors without content */
function backward({ inputs, attrs, backend }: KernelArguments): tf.TensorInfo[] {
  const native = backend as NodeBackend;
  const { dy, x, scale, memory1, memory2, memory3 } = inputs as Tensors;
  const operands = [dy, x, scale, memory1, memory2, memory3];
  return native.executeMultipleOutputs('FusedBatchNormGradV3', common(native, attrs), operands, 5);
}

function common({ binding }: NodeBackend, attrs: KernelArguments['attrs']) {
  return attributes(binding, {
    T: ['TYPE', binding.TF_FLOAT],
    U: ['TYPE', binding.TF_FLOAT],
    epsilon: ['FLOAT', attrs?.epsilon],
    data_format: ['STRING', 'NHWC'],
    is_training: ['BOOL', true],
  });
}

/** dy where y is positive, else 0. */
function reluBackward({ inputs, backend }: KernelArguments): tf.TensorInfo {
  const { dy, y } = inputs as Tensors;
  const native = backend as NodeBackend;
  const table = attributes(native.binding, { T: ['TYPE', native.binding.TF_FLOAT] });
  return native.executeSingleOutput('ReluGrad', table, [dy, y]);
}

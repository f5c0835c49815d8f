/**
 * Convolution, bias and ReLU as TensorFlow's one operation. tfjs-node has a kernel of that name, too,
 * but runs three operations for it, each a pass over all activations.
 */
import * as tf from '@tensorflow/tfjs-core';
import { attributes, type KernelArguments, type NodeBackend } from './binding.js';

const FUSED: Readonly<Record<string, readonly string[]>> = {
  linear: ['BiasAdd'],
  relu: ['BiasAdd', 'Relu'],
};

/** Takes the place of tfjs-node's kernel, which goes on to serve what this one does not. */
export function registerFusedConvolution(): void {
  const plain = tf.getKernel(tf.FusedConv2D, 'tensorflow');
  tf.unregisterKernel(tf.FusedConv2D, 'tensorflow');
  tf.registerKernel({
    ...plain,
    kernelFunc: (call) => fusedConvolution(call) ?? plain.kernelFunc(call),
  });
}

function fusedConvolution(call: KernelArguments): tf.TensorInfo | undefined {
  const backend = call.backend as NodeBackend;
  const { x, filter, bias, preluActivationWeights } = call.inputs as tf.FusedConv2DInputs;
  const { strides, pad, dilations, activation, dataFormat } =
    call.attrs as unknown as tf.FusedConv2DAttrs;
  const operations = FUSED[activation];
  const plain = bias?.shape.length === 1 && preluActivationWeights === undefined;
  if (operations === undefined || !plain || pad !== 'valid' || dataFormat !== 'NHWC') {
    return undefined;
  }
  // cuDNN fuses a bias only together with an activation.
  if (activation === 'linear' && backend.binding.isUsingGpuDevice()) return undefined;
  const pair = (value: number | readonly number[]) =>
    typeof value === 'number' ? [1, value, value, 1] : [1, ...value, 1];
  const { TF_FLOAT } = backend.binding;
  const table = attributes(backend.binding, {
    T: ['TYPE', TF_FLOAT],
    TArgs: ['TYPE', [TF_FLOAT]],
    num_args: ['INT', 1],
    strides: ['INT', pair(strides)],
    padding: ['STRING', 'VALID'],
    explicit_paddings: ['INT', []],
    data_format: ['STRING', dataFormat],
    dilations: ['INT', pair(dilations)],
    use_cudnn_on_gpu: ['BOOL', true],
    fused_ops: ['STRING', operations],
    epsilon: ['FLOAT', 0],
    leakyrelu_alpha: ['FLOAT', 0],
  });
  return backend.executeSingleOutput('_FusedConv2D', table, [x, filter, bias]);
}

import * as tf from '@tensorflow/tfjs-core';
import type { Upload } from '../upload.js';
import { attributes, type NodeBackend } from './binding.js';

/** Bytes as they are, made numbers on the device: a quarter of what a GPU would have to be sent. */
export const uploadBytes: Upload = (bytes, shape) => {
  const backend = tf.backend() as NodeBackend;
  const { binding } = backend;
  const sent = binding.createTensor(shape, binding.TF_UINT8, bytes);
  try {
    const table = attributes(binding, {
      SrcT: ['TYPE', binding.TF_UINT8],
      DstT: ['TYPE', binding.TF_FLOAT],
      Truncate: ['BOOL', false],
    });
    const [numbers] = binding.executeOp('Cast', table, [sent], 1);
    return backend.createOutputTensor(numbers) as tf.Tensor4D;
  } finally {
    binding.deleteTensor(sent); // it looks at the caller's memory, which it must not outlive
  }
};

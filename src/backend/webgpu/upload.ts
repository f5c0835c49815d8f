import * as tf from '@tensorflow/tfjs-core';
import type { Upload } from '../upload.js';

/** A shader in the terms of TensorFlow.js. */
interface Program {
  readonly variableNames: readonly string[];
  readonly outputShape: number[];
  readonly workgroupSize: [number, number, number];
  readonly dispatchLayout: { readonly x: number[] };
  readonly dispatch: [number, number, number];
  /** The shader gets the number of outputs as `uniforms.size`. */
  readonly size: boolean;
  /** Compiled once for each key and shape. */
  readonly shaderKey: string;
  getUserCode(): string;
}

interface WebGpuBackend {
  runWebGPUProgram(
    program: Program,
    inputs: readonly tf.TensorInfo[],
    type: 'float32',
  ): tf.TensorInfo;
}

const GROUP = 64;
/** Groups along one axis that every device has (WebGPU §3.6.2). */
const MOST_GROUPS = 65535;

/** Four bytes travel as one number and are taken apart on the device. */
export const uploadPacked: Upload = (bytes, shape) => {
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return tf.tidy(() => {
    const packed = tf.tensor1d(words, 'int32');
    const backend = tf.backend() as unknown as WebGpuBackend;
    const numbers = backend.runWebGPUProgram(unpacking(shape), [packed], 'float32');
    return tf.engine().makeTensorFromTensorInfo(numbers) as tf.Tensor4D;
  });
};

function unpacking(shape: number[]): Program {
  const groups = Math.ceil(tf.util.sizeFromShape(shape) / GROUP);
  const columns = Math.min(groups, MOST_GROUPS);
  return {
    variableNames: ['A'],
    outputShape: shape,
    workgroupSize: [GROUP, 1, 1],
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [columns, Math.ceil(groups / columns), 1],
    size: true,
    shaderKey: 'patchline-unpack-bytes',
    getUserCode: () => `
      fn main(index : i32) {
        if (index < uniforms.size) {
          let word = bitcast<u32>(A[index / 4]);
          setOutputAtIndex(index, f32((word >> (8u * u32(index % 4))) & 255u));
        }
      }
    `,
  };
}

/** 1.17.0 came without its types; they are those of the package it is made of. */
declare module 'onnxruntime-node' {
  export { InferenceSession, Tensor } from 'onnxruntime-common';
}

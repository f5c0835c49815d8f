/**
 * onnxruntime as numeric engine, for inference alone. Its CPU library is inside the npm package;
 * 1.17.0 is the last version that installs without a script (later ones try to download CUDA).
 */
import type { Backend } from '../backend.js';

/** Starts it in this thread. @throws why its native library does not load */
export async function startOnnx(): Promise<Backend> {
  const { OnnxEncoder } = await import('./encoder.js');
  return { name: 'onnx', encoder: (network, views) => OnnxEncoder.create(network, views) };
}

/** As much of tfjs-node as is used here: its addon and the back end class around it. */
import type {
  KernelBackend,
  NamedAttrMap,
  NamedTensorInfoMap,
  Tensor,
  TensorInfo,
} from '@tensorflow/tfjs-core';

type AttributeKind = 'INT' | 'FLOAT' | 'STRING' | 'BOOL' | 'TYPE';

/** An attribute of an operation, as the addon takes it. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

type Constants = { readonly [Kind in `TF_ATTR_${AttributeKind}`]: number };

export interface Binding extends Constants {
  readonly TF_FLOAT: number;
  readonly TF_STRING: number;
  readonly TF_UINT8: number;
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
  /** Copies `values`, arrays of bytes if of texts; others it may go on to read. */
  createTensor(
    shape: readonly number[],
    type: number,
    values: ArrayBufferView | readonly Uint8Array[],
  ): number;
  deleteTensor(id: number): void;
  /** A copy of its numbers. */
  tensorDataSync(id: number): Float32Array;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  /** @returns its id */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** @param inputNames and `outputNames`: as `name:index`, with commas between */
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[];
}

export interface NodeBackend extends KernelBackend {
  readonly binding: Binding;
  /** A tensor of its own, which the engine already counts. */
  createOutputTensor(metadata: TensorMetadata): Tensor;
  executeSingleOutput(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
  ): TensorInfo;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): TensorInfo[];
}

export interface KernelArguments {
  readonly inputs: NamedTensorInfoMap;
  readonly attrs?: NamedAttrMap;
  readonly backend: unknown;
}

/** Attributes by their names, kinds and values. */
export function attributes(
  binding: Binding,
  table: Readonly<Record<string, readonly [kind: AttributeKind, value: unknown]>>,
): Attribute[] {
  return Object.entries(table).map(([name, [kind, value]]) => ({
    name,
    type: binding[`TF_ATTR_${kind}`],
    value,
  }));
}

/** The messages of ONNX that our graphs are made of (onnx/onnx.proto; the numbers are its fields). */
import { type Finished, Message } from '../protobuf.js';

/** Operators as of ONNX 1.13, which onnxruntime knows from 1.14 on. */
const OPSET = 18;
const IR_VERSION = 8;

/** TensorProto.DataType */
const TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, float64: 11 } as const;
export type ElementType = keyof typeof TYPES;

/** A constant. */
export interface Constant {
  readonly data: Float32Array | Int32Array | BigInt64Array | Float64Array;
  readonly shape: readonly number[];
}

/** Integer attributes, unless made by `float` or `text`. */
export type Attribute = number | readonly number[] | { float: number } | { text: string };

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or an output; a dimension with a name may have any size, the same wherever it stands. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
  readonly doc?: string;
}

export interface OnnxModel {
  readonly name: string;
  readonly producer: string;
  readonly producerVersion: string;
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** The file of a model. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const message = new Message()
    .integer(1, IR_VERSION)
    .text(2, model.producer)
    .text(3, model.producerVersion)
    .text(6, model.doc ?? '')
    .message(7, graph(model))
    .message(8, new Message().text(1, '').integer(2, OPSET).finish());
  for (const [key, value] of Object.entries(model.metadata ?? {})) {
    message.message(14, new Message().text(1, key).text(2, value).finish());
  }
  return message.finish().bytes;
}

function graph({ name, nodes, constants, inputs, outputs }: OnnxModel): Finished {
  const message = new Message();
  for (const [index, entry] of nodes.entries()) message.message(1, node(entry, index));
  message.text(2, name);
  for (const [id, constant] of constants) message.message(5, tensor(id, constant));
  for (const input of inputs) message.message(11, valueInfo(input));
  for (const output of outputs) message.message(12, valueInfo(output));
  return message.finish();
}

function node({ operator, inputs, outputs, attributes }: Node, index: number): Finished {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, `${index}.${operator}`).text(4, operator);
  for (const [name, value] of Object.entries(attributes)) {
    message.message(5, attribute(name, value));
  }
  return message.finish();
}

/** The last field is AttributeProto.AttributeType. */
function attribute(name: string, value: Attribute): Finished {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2).finish();
  if ('float' in value) return message.float(2, value.float).integer(20, 1).finish();
  if ('text' in value) return message.text(4, value.text).integer(20, 3).finish();
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7).finish();
}

function tensor(name: string, { data, shape }: Constant): Finished {
  const message = new Message();
  for (const side of shape) message.integer(1, side);
  return message
    .integer(2, TYPES[typeOf(data)])
    .text(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) // little-endian, as here
    .finish();
}

function typeOf(data: Constant['data']): ElementType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  return data instanceof Int32Array ? 'int32' : 'int64';
}

function valueInfo({ name, type, shape, doc }: Value): Finished {
  const dimensions = new Message();
  for (const side of shape) {
    const dimension = new Message();
    if (typeof side === 'number') dimension.integer(1, side);
    else dimension.text(2, side);
    dimensions.message(1, dimension.finish());
  }
  const tensorType = new Message().integer(1, TYPES[type]).message(2, dimensions.finish());
  const message = new Message().text(1, name);
  message.message(2, new Message().message(1, tensorType.finish()).finish());
  if (doc !== undefined) message.text(3, doc);
  return message.finish();
}

/** The number of an element type in an operator's attribute, as `Cast` takes it. */
export function typeNumber(type: ElementType): number {
  return TYPES[type];
}

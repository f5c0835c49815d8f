/** The messages of TensorFlow that our graphs are made of (the numbers are the fields of its .proto files). */
import { type Finished, Message } from '../../protobuf.js';

/** DataType; `text` is any bytes. */
const TYPES = { float32: 1, int32: 3, uint8: 4, text: 7 } as const;
export type ElementType = keyof typeof TYPES;

/** Operators as of this version of GraphDef (TensorFlow 2.9), which every later one understands. */
const PRODUCER = 1087;

/** What `loadSavedModel` asks for. */
export const TAG = 'serve';

/** A constant. */
export interface Constant {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** `undefined`: as long as it may be. */
export type Shape = readonly (number | undefined)[];

export type Attribute =
  | { readonly type: ElementType }
  | { readonly shape: Shape }
  | { readonly constant: Constant }
  | { readonly integer: number }
  | { readonly integers: readonly number[] }
  | { readonly flag: boolean }
  | { readonly text: string };

export interface Node {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The file of a SavedModel without variables: `saved_model.pb`. */
export function encodeSavedModel(nodes: readonly Node[]): Uint8Array {
  const graph = new Message();
  for (const node of nodes) graph.message(1, nodeDef(node));
  graph.message(4, new Message().integer(1, PRODUCER).finish());
  const facts = new Message().text(4, TAG);
  const metaGraph = new Message().message(1, facts.finish()).message(2, graph.finish());
  return new Message().integer(1, 1).message(2, metaGraph.finish()).finish().bytes;
}

function nodeDef({ name, operator, inputs, attributes }: Node): Finished {
  const message = new Message().text(1, name).text(2, operator);
  for (const input of inputs) message.text(3, input);
  for (const [key, value] of Object.entries(attributes)) {
    message.message(5, new Message().text(1, key).message(2, attrValue(value)).finish());
  }
  return message.finish();
}

function attrValue(value: Attribute): Finished {
  const message = new Message();
  if ('type' in value) return message.integer(6, TYPES[value.type]).finish();
  if ('shape' in value) return message.message(7, tensorShape(value.shape)).finish();
  if ('constant' in value) return message.message(8, tensor(value.constant)).finish();
  if ('integer' in value) return message.integer(3, value.integer).finish();
  if ('flag' in value) return message.integer(5, Number(value.flag)).finish();
  if ('text' in value) return message.text(2, value.text).finish();
  const list = new Message();
  for (const item of value.integers) list.integer(3, item);
  return message.message(1, list.finish()).finish();
}

function tensorShape(shape: Shape): Finished {
  const message = new Message();
  for (const side of shape) message.message(2, new Message().integer(1, side ?? -1).finish());
  return message.finish();
}

function tensor({ data, shape }: Constant): Finished {
  return new Message()
    .integer(1, TYPES[typeOf(data)])
    .message(2, tensorShape(shape))
    .bytes(4, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) // little-endian, as here
    .finish();
}

export function typeOf(data: Constant['data']): ElementType {
  return data instanceof Float32Array ? 'float32' : 'int32';
}

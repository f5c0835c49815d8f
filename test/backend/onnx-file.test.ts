/** Bytes by hand, from the specifications of Protocol Buffers and of ONNX. */
import test from 'ava';
import { Graph } from '../../src/backend/onnx/graph.js';
import { encodeModel } from '../../src/backend/onnx/model.js';
import { Message } from '../../src/backend/protobuf.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the examples of the encoding guide', (t) => {
  // protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing"; field 3 = {1: 150}
  const one = new Message().integer(1, 150).finish();
  t.is(hex(one.bytes), '089601');
  t.is(hex(new Message().text(2, 'testing').finish().bytes), '120774657374696e67');
  t.is(hex(new Message().message(3, one).finish().bytes), '1a03089601');
  t.is(hex(new Message().integer(1, -2).finish().bytes), '08feffffffffffffffff01');
});

test('floats are little-endian, field numbers above 15 take two bytes, text is UTF-8', (t) => {
  t.is(hex(new Message().float(2, 1).finish().bytes), '150000803f');
  t.is(hex(new Message().integer(20, 1).finish().bytes), 'a00101');
  t.is(hex(new Message().text(1, 'µ').finish().bytes), '0a02c2b5');
});

test('integers of 64 bits', (t) => {
  t.is(hex(new Message().integer(1, 2n ** 63n - 1n).finish().bytes), '08ffffffffffffffff7f');
  t.is(hex(new Message().integer(1, 0).finish().bytes), '0800');
});

test('a graph of one operator, byte by byte', (t) => {
  const graph = new Graph();
  const x = graph.input('x', 'uint8', ['n', 3]);
  graph.output(x, 'y', 'uint8', [4]);
  const file = encodeModel({ ...graph, name: 'g', producer: 'p', producerVersion: '1' });
  const expected = [
    ['08 08', 'ir_version 8'],
    ['12 01 70', 'producer_name p'],
    ['1a 01 31', 'producer_version 1'],
    ['32 00', 'doc_string'],
    ['3a 48', 'graph, 72 bytes'],
    ['0a 1c', 'node, 28 bytes'],
    ['0a 01 78  12 01 79', 'input x, output y'],
    ['1a 0a 30 2e 49 64 65 6e 74 69 74 79', 'name 0.Identity'],
    ['22 08 49 64 65 6e 74 69 74 79', 'op_type Identity'],
    ['12 01 67', 'name g'],
    ['5a 14  0a 01 78', 'input x'],
    ['12 0f  0a 0d  08 02', 'type, tensor_type, elem_type uint8'],
    ['12 09  0a 03 12 01 6e  0a 02 08 03', 'shape [n, 3]'],
    ['62 0f  0a 01 79', 'output y'],
    ['12 0a  0a 08  08 02', 'type, tensor_type, elem_type uint8'],
    ['12 04  0a 02 08 04', 'shape [4]'],
    ['42 04  0a 00  10 12', 'opset_import: the default domain, 18'],
  ];
  t.is(hex(file), expected.map(([bytes]) => bytes.replaceAll(' ', '')).join(''));
});

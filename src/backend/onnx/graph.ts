import type { Attribute, Constant, ElementType, Node, Value } from './model.js';
import { typeNumber } from './model.js';

/** A tensor of a graph, by name. */
export type Ref = string;

/** Builds a graph, one operator after the other; every value is named by what made it. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Constant>();
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  #values = 0;

  input(name: string, type: ElementType, shape: Value['shape'], doc?: string): Ref {
    this.inputs.push({ name, type, shape, ...(doc !== undefined && { doc }) });
    return name;
  }

  /** Gives a value the name by which it leaves the graph. */
  output(from: Ref, name: string, type: ElementType, shape: Value['shape'], doc?: string): void {
    this.nodes.push({ operator: 'Identity', inputs: [from], outputs: [name], attributes: {} });
    this.outputs.push({ name, type, shape, ...(doc !== undefined && { doc }) });
  }

  /** An operator with one output. */
  add(operator: string, inputs: Ref[], attributes: Record<string, Attribute> = {}): Ref {
    const output = `${operator}.${this.#values++}`;
    this.nodes.push({ operator, inputs, outputs: [output], attributes });
    return output;
  }

  /** Parts of these lengths along an axis. */
  split(from: Ref, lengths: readonly number[], axis: number): Ref[] {
    const outputs = lengths.map(() => `Split.${this.#values++}`);
    const inputs = [from, this.integers(lengths)];
    this.nodes.push({ operator: 'Split', inputs, outputs, attributes: { axis } });
    return outputs;
  }

  /** The `count` lowest values along the last axis, in no order. */
  lowest(from: Ref, count: Ref): Ref {
    const [values, indices] = [`TopK.${this.#values++}`, `TopK.${this.#values++}`];
    const attributes = { largest: 0, sorted: 0 };
    this.nodes.push({
      operator: 'TopK',
      inputs: [from, count],
      outputs: [values, indices],
      attributes,
    });
    return values;
  }

  floats(data: Float32Array, shape: readonly number[]): Ref {
    return this.#constant({ data, shape });
  }

  doubles(values: readonly number[], shape: readonly number[] = [values.length]): Ref {
    return this.#constant({ data: Float64Array.from(values), shape });
  }

  /** int64, as operators take axes, shapes and places. */
  integers(values: readonly number[]): Ref {
    return this.#constant({ data: BigInt64Array.from(values.map(BigInt)), shape: [values.length] });
  }

  scalar(value: number): Ref {
    return this.#constant({ data: Float32Array.of(value), shape: [] });
  }

  cast(from: Ref, to: ElementType): Ref {
    return this.add('Cast', [from], { to: typeNumber(to) });
  }

  #constant(constant: Constant): Ref {
    const name = `constant.${this.constants.size}`;
    this.constants.set(name, constant);
    return name;
  }
}

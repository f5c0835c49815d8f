import { type Attribute, type Constant, type ElementType, type Node, typeOf } from './model.js';

/** A tensor of a graph, by name. */
export type Ref = string;

type Attributes = Readonly<Record<string, Attribute>>;

const FLOAT = { T: { type: 'float32' } } as const;

/** Builds a graph, one operator after the other; every value is named by what made it. */
export class Graph {
  readonly nodes: Node[] = [];

  /** Texts fed to it → the numbers in each. @param texts how many; without it, one */
  input(name: string, type: ElementType, texts?: 'texts'): Ref {
    const shape = { shape: texts === undefined ? [] : [undefined] };
    const text = this.#node(name, 'Placeholder', [], { dtype: { type: 'text' }, shape });
    return this.raw('DecodeRaw', [text], { out_type: { type } });
  }

  /** Gives numbers of float32 the name by which they leave the graph. */
  output(from: Ref, name: string): void {
    this.#node(name, 'Identity', [from], FLOAT);
  }

  /** An operator with one output. @param attributes besides the type float32 of its operands */
  add(operator: string, inputs: readonly Ref[], attributes: Attributes = {}): Ref {
    return this.raw(operator, inputs, { ...FLOAT, ...attributes });
  }

  /** An operator with all its attributes. */
  raw(operator: string, inputs: readonly Ref[], attributes: Attributes): Ref {
    return this.#node(`${operator}.${this.nodes.length}`, operator, inputs, attributes);
  }

  floats(data: Float32Array | readonly number[], shape: readonly number[]): Ref {
    return this.#constant({ data: Float32Array.from(data), shape });
  }

  /** int32, as operators take axes, shapes and places. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Ref {
    return this.#constant({ data: Int32Array.from(values), shape });
  }

  scalar(value: number): Ref {
    return this.#constant({ data: Int32Array.of(value), shape: [] });
  }

  /** The rows of a table, by their int32 indices. */
  rows(table: Ref, indices: Ref): Ref {
    return this.raw('GatherV2', [table, indices, this.scalar(0)], {
      Tparams: { type: 'float32' },
      Tindices: { type: 'int32' },
      Taxis: { type: 'int32' },
    });
  }

  reshape(from: Ref, shape: Ref, type: ElementType = 'float32'): Ref {
    return this.raw('Reshape', [from, shape], { T: { type }, Tshape: { type: 'int32' } });
  }

  #constant(constant: Constant): Ref {
    const attributes = { dtype: { type: typeOf(constant.data) }, value: { constant } };
    return this.raw('Const', [], attributes);
  }

  #node(name: string, operator: string, inputs: readonly Ref[], attributes: Attributes): Ref {
    this.nodes.push({ name, operator, inputs, attributes });
    return name;
  }
}

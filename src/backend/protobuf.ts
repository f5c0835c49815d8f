/** The wire format of Protocol Buffers, as far as graphs need it: no groups, nothing packed. */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const utf8 = new TextEncoder();

/** Writes the fields of one message, in any order. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** int32, int64 or an enumeration; negative numbers take ten bytes, as the format has it. */
  integer(field: number, value: number | bigint): this {
    return this.#add(varint(tag(field, VARINT)), varint(BigInt(value)));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#add(varint(tag(field, FIXED32)), bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  message(field: number, { bytes }: Finished): this {
    return this.bytes(field, bytes);
  }

  /** Not copied before `finish`. */
  bytes(field: number, value: Uint8Array): this {
    return this.#add(varint(tag(field, LENGTH_DELIMITED)), varint(BigInt(value.length)), value);
  }

  finish(): Finished {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes };
  }

  #add(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
    return this;
  }
}

/** A message as bytes. */
export interface Finished {
  readonly bytes: Uint8Array;
}

function tag(field: number, wireType: number): bigint {
  return BigInt((field << 3) | wireType);
}

/** 7 bits a byte, the lowest first; all but the last have the high bit set. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

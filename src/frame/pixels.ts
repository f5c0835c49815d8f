/** Decoded pixels as the engine handles them: always RGB, 8 bit, row-major, interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

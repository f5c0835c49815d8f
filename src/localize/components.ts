/** The connected areas of a mask. */
export interface Components {
  /** [height, width]: 0 outside the mask, else 1 … count, numbered by first pixel in row-major order. */
  readonly labels: Int32Array;
  readonly count: number;
}

/**
 * Labels the 8-connected areas of `mask` (`[height, width]`, non-zero is inside).
 *
 * A flood fill with its own stack: a pixel is labelled when it is pushed, so it is pushed once.
 *
 * @throws RangeError if the mask does not have width · height entries.
 */
export function labelComponents(
  mask: ArrayLike<number | boolean>,
  width: number,
  height: number,
): Components {
  if (mask.length !== width * height) {
    throw new RangeError(`mask has ${mask.length} entries, expected ${width} × ${height}`);
  }
  const labels = new Int32Array(mask.length); // [height, width]
  const stack: number[] = [];
  let count = 0;
  for (let seed = 0; seed < labels.length; seed++) {
    if (!mask[seed] || labels[seed] !== 0) continue;
    labels[seed] = ++count;
    stack.push(seed);
    for (let pixel = stack.pop(); pixel !== undefined; pixel = stack.pop()) visit(pixel);
  }
  return { labels, count };

  /** Labels and pushes the unlabelled neighbours of a pixel. */
  function visit(pixel: number): void {
    const x = pixel % width;
    const y = (pixel - x) / width;
    const left = Math.max(x - 1, 0);
    const right = Math.min(x + 1, width - 1);
    const bottom = Math.min(y + 1, height - 1);
    for (let ny = Math.max(y - 1, 0); ny <= bottom; ny++) {
      for (let neighbour = ny * width + left; neighbour <= ny * width + right; neighbour++) {
        if (!mask[neighbour] || labels[neighbour] !== 0) continue;
        labels[neighbour] = count;
        stack.push(neighbour);
      }
    }
  }
}

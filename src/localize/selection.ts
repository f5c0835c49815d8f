/** Hoare's selection (1961): the k-th smallest of n values in O(n), where sorting takes O(n log n). */

/** Of a range, where the next pivot is taken: multiples of it, modulo 1, never settle down. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Rearranges finite `values`: place `k`, counted from 0, gets what sorting would put there, with
 * nothing larger before it and nothing smaller behind it. The same values in the same order always
 * end in the same order.
 *
 * @returns the value at place `k`
 */
export function select(values: Float32Array, k: number): number {
  let first = 0;
  let last = values.length - 1;
  // A pivot from the same place each time would take O(n²) for a hill, or for what is sorted.
  for (let place = GOLDEN; first < last; place = (place + GOLDEN) % 1) {
    const pivot = values[first + Math.floor(place * (last - first))];
    const end = split(values, first, last, pivot);
    if (k <= end) last = end;
    else first = end + 1;
  }
  return values[k];
}

/**
 * Moves what is at most `pivot` before what is at least `pivot`, within places first … last.
 *
 * @param pivot of one of these places but the last, so that neither part is empty
 * @returns the last place of the first part
 */
function split(values: Float32Array, first: number, last: number, pivot: number): number {
  let low = first;
  let high = last;
  for (;;) {
    while (values[low] < pivot) low++;
    while (values[high] > pivot) high--;
    if (low >= high) return high;
    const value = values[low];
    values[low++] = values[high];
    values[high--] = value;
  }
}

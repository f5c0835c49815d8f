import { move, transferableSymbol, valueSymbol } from 'piscina';

/**
 * A thread's return value whose arrays move to the caller instead of being copied. The thread must
 * not touch them afterwards.
 */
export function moved<T extends object>(
  value: T,
  arrays: readonly (Uint8Array | Float32Array | undefined)[],
): T {
  const buffers = new Set<ArrayBuffer>();
  for (const array of arrays) if (array !== undefined) buffers.add(array.buffer as ArrayBuffer);
  const transferable = { [transferableSymbol]: [...buffers], [valueSymbol]: value };
  return move(transferable) as unknown as T;
}

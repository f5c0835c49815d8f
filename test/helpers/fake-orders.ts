import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Frames of the fake threads are orders such as `encode: throw`, `decode: exit`, `encode: hang`,
 * `encode: 20` (take 20 ms).
 */
export async function obey(stage: string, bytes: Uint8Array): Promise<void> {
  const [, of, order] = /^(\w+): (.*)$/.exec(Buffer.from(bytes).toString()) ?? [];
  if (of !== stage) return;
  if (order === 'throw') throw new Error(`${stage} threw`);
  if (order === 'exit') process.exit(7);
  if (order === 'hang') for (;;);
  await sleep(Number(order));
}

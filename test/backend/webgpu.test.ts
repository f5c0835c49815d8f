/**
 * WebGPU on Chromium's software adapter (SwiftShader), in a process of its own: where the Vulkan
 * loader looks for adapters is settled when a process starts. Without Chromium it is skipped,
 * unless PATCHLINE_REQUIRE_BROWSER=1.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import anyTest from 'ava';

const CHROMIUM = '/usr/lib/chromium';
const ADAPTER = join(CHROMIUM, 'vk_swiftshader_icd.json');
const PROCESS = fileURLToPath(new URL('./webgpu-process.js', import.meta.url));

const missing = !existsSync(ADAPTER) && process.env.PATCHLINE_REQUIRE_BROWSER !== '1';
const test = missing ? anyTest.skip : anyTest;

async function run(icd: string): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS], {
    env: { ...process.env, LD_LIBRARY_PATH: CHROMIUM, VK_DRIVER_FILES: icd },
    timeout: 300_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

test('scores are those of wasm to 1e-4; bytes arrive as they are', async (t) => {
  const { name, details, wrongBytes, ...readouts } = await run(ADAPTER);
  t.is(name, 'webgpu');
  t.regex(String(details), /SwiftShader/);
  t.is(wrongBytes, 0);
  t.deepEqual(Object.keys(readouts), ['nearest', 'paper']);
  for (const [what, found] of Object.entries(readouts)) {
    const { difference, inBatch, leaked } = found as Record<string, number>;
    t.true(difference <= 1e-4, `${what}: ${difference}`);
    t.true(inBatch <= 1e-4, `${what}, in a batch, statistics from pixels: ${inBatch}`);
    t.is(leaked, 0, what);
  }
});

test('without a GPU it is an error that says so, and never another back end', async (t) => {
  const { failure } = await run('/no-such-driver.json');
  t.regex(String(failure), /'webgpu' does not start: WebGPU finds no GPU\n.*Vulkan/);
});

/**
 * The report in a real browser: Debian's Chromium, as for the live page. Without one the tests are
 * skipped, unless PATCHLINE_REQUIRE_BROWSER=1.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { reportPage } from '../../src/cli/report/page.js';
import { type Sample, sampleContent } from '../cli/report/content.js';
import { hostileIds } from '../helpers/hostile.js';

const CHROMIUM = '/usr/bin/chromium';
const HOSTILE = `</style><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`;
const VIEWPORTS = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];

const missing = !existsSync(CHROMIUM) && process.env.PATCHLINE_REQUIRE_BROWSER !== '1';
if (missing) {
  process.stderr.write(`SKIPPED: no ${CHROMIUM}, so nobody looks at the report in a browser\n`);
}
const browserTest = missing ? test.serial.skip : test.serial;

let browser: Browser;
let folder: string;

if (!missing) {
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchline-report-'));
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  });
  test.after.always(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });
}

interface Seen {
  readonly page: Page;
  /** Console, errors, and requests for anything but the file itself. */
  readonly complaints: readonly string[];
}

/** Opens a report from disk, with the network out of reach. */
async function see(
  sample: Sample,
  look: (seen: Seen) => Promise<void>,
  viewport = VIEWPORTS[1],
  colorScheme: 'light' | 'dark' = 'light',
): Promise<void> {
  const path = join(folder, 'report.html');
  await writeFile(path, reportPage(sampleContent(sample)));
  const context = await browser.newContext({ viewport, colorScheme, offline: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const { href } = pathToFileURL(path);
  page.on('request', (request) => {
    const url = request.url();
    if (url !== href && !url.startsWith('data:')) complaints.push(`asked for ${url}`);
  });
  try {
    await page.goto(href);
    await look({ page, complaints });
  } finally {
    await context.close();
  }
}

for (const viewport of VIEWPORTS) {
  for (const scheme of ['light', 'dark'] as const) {
    browserTest(`whole and quiet at ${viewport.width} px, ${scheme}`, async (t) => {
      await see(
        {},
        async ({ page, complaints }) => {
          t.deepEqual(complaints, []);
          t.is(await page.evaluate('document.documentElement.scrollWidth'), viewport.width);
          // The style is applied: its digest is right.
          const ground = await page.evaluate<string>(
            'getComputedStyle(document.body).backgroundColor',
          );
          t.is(ground, scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(10, 14, 19)');
          const pictures = 'Array.from(document.images, (image) => image.naturalWidth)';
          t.true((await page.evaluate<number[]>(pictures)).every((width) => width === 1));
          t.is(await page.locator('svg.plot').count(), 3 + 3); // curves; good and two kinds
        },
        viewport,
        scheme,
      );
    });
  }
}

browserTest('hostile names are text, and nothing else', async (t) => {
  const kinds = hostileIds(30);
  await see({ name: HOSTILE, kinds, defective: 3 }, async ({ page, complaints }) => {
    t.deepEqual(complaints, []);
    t.is(await page.title(), `${HOSTILE}: how good is ${HOSTILE}?`);
    t.is(await page.evaluate('document.scripts.length'), 0);
    t.is(await page.evaluate('typeof owned'), 'undefined');
    t.is(await page.locator('svg.plot').count(), 3 + 1 + kinds.length);
    t.is(await page.locator('img:not(.pair > img)').count(), 0);
  });
});

browserTest('a script that got in all the same would not run', async (t) => {
  const path = join(folder, 'injected.html');
  const injected = `<script>document.title='owned'</script><img src="https://example.invalid/x.png">`;
  await writeFile(path, reportPage(sampleContent()).replace('<main>', `<main>${injected}`));
  const page = await browser.newPage();
  const failed: string[] = [];
  page.on('requestfailed', (request) => failed.push(request.failure()?.errorText ?? ''));
  await page.goto(pathToFileURL(path).href);
  t.not(await page.title(), 'owned');
  t.deepEqual(failed, ['csp']);
  await page.close();
});

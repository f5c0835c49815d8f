/**
 * The live page in a real browser: Debian's Chromium (`apt-get install chromium fonts-dejavu-core`).
 * Without one the tests are skipped, unless PATCHLINE_REQUIRE_BROWSER=1. Screenshots go to the
 * folder in PATCHLINE_SCREENSHOTS, if it is set.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Registry } from 'prom-client';
import type { Health } from '../../src/observe/health.js';
import { type HttpServer, startHttp } from '../../src/observe/http.js';
import { boundedId } from '../../src/observe/ids.js';
import { LiveView } from '../../src/observe/live.js';
import { Random } from '../../src/random.js';
import type { DriftStatus } from '../../src/watch/drift.js';
import type { LineStatus } from '../../src/watch/line-state.js';
import { hostileIds } from '../helpers/hostile.js';
import { frameOf, judgementOf, pictureOf, REJECTION, regionOf } from '../observe/synthetic.js';

const CHROMIUM = '/usr/bin/chromium';
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">';
const VIEWPORTS = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1366, height: 768 },
  wall: { width: 1920, height: 1080 },
  wall4k: { width: 3840, height: 2160 },
};

const missing = !existsSync(CHROMIUM) && process.env.PATCHLINE_REQUIRE_BROWSER !== '1';
if (missing) {
  process.stderr.write(`SKIPPED: no ${CHROMIUM}, so nobody looks at the live page in a browser\n`);
}
// One page at a time: a frame is stale after five seconds, and a busy machine is slow.
const browserTest = missing ? test.serial.skip : test.serial;

let browser: Browser;
let pictures: { good: Uint8Array; bad: Uint8Array };

if (!missing) {
  test.before(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
    const quiet = ['--disable-background-networking', '--disable-component-update'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...args, ...quiet] });
    const [good, bad] = await Promise.all([pictureOf(1, false), pictureOf(4, true)]);
    pictures = { good, bad };
  });
  test.after.always(() => browser?.close());
}

/** Asks from outside: Playwright's own waiting compiles text in the page, which its policy forbids. */
async function holds(page: Page, expression: string): Promise<void> {
  for (const end = Date.now() + 30_000; !(await page.evaluate<boolean>(expression)); ) {
    if (Date.now() > end) throw new Error(`it never held: ${expression}`);
    await sleep(50);
  }
}

interface Shown {
  readonly live: LiveView;
  readonly clock: Clock;
  readonly server: HttpServer;
  readonly page: Page;
  readonly worker: { health: Health };
  /** What a person would see in the console, and every host that was asked. */
  readonly complaints: string[];
  readonly hosts: Set<string>;
}

const RUNNING: Health = { live: true, ready: true, state: 'running', reasons: [] };

interface View {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'dark' | 'light';
  readonly feed?: (live: LiveView, clock: Clock) => void;
}

/** How far the server's clock is behind the real one, milliseconds. */
interface Clock {
  behind: number;
}

async function show(view: View, look: (shown: Shown) => Promise<void>): Promise<void> {
  const clock = { behind: 0 };
  const live = new LiveView({ updatesPerSecond: 20, now: () => Date.now() - clock.behind });
  view.feed?.(live, clock);
  const worker = { health: RUNNING };
  const health = () => worker.health;
  const registry = new Registry();
  const server = await startHttp({ host: '127.0.0.1', port: 0, registry, live, health });
  const { viewport = VIEWPORTS.laptop, colorScheme = 'dark' } = view;
  const page = await browser.newPage({ viewport, colorScheme });
  const shown: Shown = { live, clock, server, page, worker, complaints: [], hosts: new Set() };
  page.on('console', (message) => {
    if (message.type() !== 'log') shown.complaints.push(message.text());
  });
  page.on('pageerror', (error) => shown.complaints.push(String(error)));
  page.on('request', (request) => shown.hosts.add(new URL(request.url()).host));
  try {
    await page.goto(server.url);
    await look(shown);
  } finally {
    await page.close();
    await server.close();
    await live.close();
  }
}

/** A minute of two frames a second of each camera; each camera ends with a good frame. */
function feed(live: LiveView, clock: Clock, cameras: readonly string[]): void {
  const random = new Random(3);
  for (let i = 0; i < 120; i++) {
    clock.behind = (119 - i) * 500;
    for (const camera of cameras) {
      const bad = i < 119 && random.uniform() < 0.04;
      const score = bad ? random.uniform(12, 30) : random.normal(5, 1);
      const overlay = bad ? pictures.bad : pictures.good;
      void live.publish(
        frameOf(camera, `${camera}-${i}`, Date.now()),
        judgementOf(score, { overlay }),
      );
    }
  }
}

function defect(live: LiveView, camera: string, id: string): void {
  const regions = [regionOf(14), regionOf(31)];
  const judgement = judgementOf(23.4, { overlay: pictures.bad, regions });
  void live.publish(frameOf(camera, id, Date.UTC(2026, 0, 2)), judgement);
}

const cardOf = (page: Page, camera: string) =>
  page.locator('.card', { has: page.getByRole('heading', { name: camera, exact: true }) });

async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.PATCHLINE_SCREENSHOTS;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

browserTest('a card a camera: picture, verdict, scores', async (t) => {
  await show({ feed: (live, clock) => feed(live, clock, ['cam-10', 'cam-2']) }, async (shown) => {
    const { page, live, complaints, hosts, server } = shown;
    await page.locator('.card img:not([hidden])').nth(1).waitFor();
    t.deepEqual(await page.locator('.card-name').allTextContents(), ['cam-2', 'cam-10']);
    const card = cardOf(page, 'cam-2');
    const line = (await card.locator('.chart-score').getAttribute('d')) ?? '';
    t.is(line.match(/[ML]/g)?.length, 120, 'a corner a frame');
    t.not((await card.locator('.chart-threshold').getAttribute('d')) ?? '', '');

    void live.publish(frameOf('cam-2'), judgementOf(6));
    await card.locator('.verdict', { hasText: 'OK' }).waitFor();
    defect(live, 'cam-2', 'late');
    await card.locator('.verdict', { hasText: 'DEFECT' }).waitFor();
    t.is(await card.locator('[data-part=score]').textContent(), '23.4');
    t.is(await card.getAttribute('data-alight'), '');
    void live.publish(frameOf('cam-2'), REJECTION);
    await card.locator('.verdict', { hasText: 'REJECTED' }).waitFor();
    t.is(await card.locator('.picture p').textContent(), REJECTION.message);
    t.is(await page.locator('#rejected').textContent(), '1');
    t.deepEqual(complaints, []);
    t.deepEqual([...hosts], [new URL(server.url).host]);
  });
});

browserTest('a card tells where the line stands, and of drift', async (t) => {
  await show({}, async ({ page, live, complaints }) => {
    const card = cardOf(page, 'cam-1');
    const tell = (line: LineStatus, drift?: DriftStatus) =>
      live.publish(frameOf('cam-1'), {
        ...judgementOf(3, { overlay: pictures.good }),
        standing: { line, ...(drift && { drift }) },
      });
    void tell({ state: 'ok', before: 'ok', anomalous: 0, of: 5 });
    await card.locator('.verdict', { hasText: 'OK' }).waitFor();
    t.is(await card.locator('.standing li:visible').count(), 0);
    const drifting = { value: -0.314, limit: 0.2, warning: true, changed: true };
    void tell({ state: 'warning', before: 'ok', anomalous: 1, of: 5 }, drifting);
    await card.getByText('1 of 5 anomalous').waitFor();
    await card.getByText('scores drift −0.31').waitFor();
    void tell({ state: 'alarm', before: 'warning', anomalous: 3, of: 5 }, drifting);
    await card.getByText('LINE ALARM: 3 of 5').waitFor();
    await screenshot(page, 'standing');
    void live.publish(frameOf('cam-1'), REJECTION); // tells nothing of either
    await card.locator('.verdict', { hasText: 'REJECTED' }).waitFor();
    t.is(await card.locator('.standing li:visible').count(), 2);
    const over = { ...drifting, value: 0, warning: false };
    void tell({ state: 'ok', before: 'alarm', anomalous: 0, of: 5 }, over);
    await card.locator('.standing li:visible').first().waitFor({ state: 'hidden' });
    t.is(await card.locator('.standing li:visible').count(), 0);
    t.deepEqual(complaints, []);
  });
});

browserTest(
  'the page violates no policy of its own, and a script that got in would not run',
  async (t) => {
    await show({ feed: (live, clock) => feed(live, clock, ['cam-1']) }, async ({ page, live }) => {
      await page.evaluate(
        'violations = []; addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective))',
      );
      defect(live, 'cam-1', 'first');
      await page.locator('.thumb').first().click();
      await holds(page, "document.querySelector('#viewer img').naturalWidth === 256");
      await page.keyboard.press('Escape');
      t.deepEqual(await page.evaluate('violations'), []);
      // What an attacker would try whose markup got into the page in spite of all.
      await page.evaluate(`
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="owned = 1"><p style="color:red">');
      document.body.append(Object.assign(document.createElement('script'), { textContent: 'owned = 1' }));
      document.body.append(Object.assign(document.createElement('script'), { src: 'https://evil.invalid/x.js' }));
      document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://evil.invalid/' }));
      fetch('https://evil.invalid/').catch(() => {});
    `);
      await holds(page, 'new Set(violations).size >= 6');
      const stopped = new Set(await page.evaluate<string[]>('violations'));
      const resources = ['connect-src', 'frame-src', 'img-src'];
      const code = ['script-src-attr', 'script-src-elem', 'style-src-attr'];
      t.deepEqual([...stopped].sort(), [...resources, ...code]);
      t.is(await page.evaluate('typeof owned'), 'undefined');
    });
  },
);

browserTest('a verdict stands beside the picture that it was given to', async (t) => {
  await show({}, async ({ page, live, clock }) => {
    const verdict = (word: string) => page.locator('.verdict', { hasText: word }).waitFor();
    defect(live, 'cam-1', 'bad');
    await verdict('DEFECT');
    void live.publish(frameOf('cam-1'), judgementOf(3)); // without a picture
    await page.locator('#frames', { hasText: '2' }).waitFor();
    await verdict('DEFECT');
    t.is(await page.locator('[data-part=score]').first().textContent(), '23.4');
    void live.publish(frameOf('cam-1'), judgementOf(4, { overlay: pictures.good }));
    await verdict('OK');
    t.is(await page.locator('[data-part=score]').first().textContent(), '4.00');
    defect(live, 'cam-1', 'worse');
    await verdict('DEFECT');
    clock.behind = -2_500;
    void live.publish(frameOf('cam-1'), judgementOf(5)); // no pictures any more
    await verdict('OK');
  });
});

browserTest('an anomaly opens, by mouse and by keyboard', async (t) => {
  await show({}, async ({ page, live, complaints }) => {
    for (const id of ['first', 'second', 'third']) defect(live, 'cam-1', id);
    await page.locator('.thumb').nth(2).waitFor();
    await page.locator('.thumb').first().click();
    const dialog = page.getByRole('dialog');
    const frame = dialog.locator('[data-part=frame]');
    t.is(await frame.textContent(), 'third (256 × 256)');
    t.is(await dialog.locator('[data-part=ratio]').textContent(), '2.34× the threshold');
    t.regex((await dialog.locator('[data-part=taken]').textContent()) ?? '', /^\d Jan 2026/);
    const cells = await dialog.locator('tbody tr').first().locator('td').allInnerTexts();
    t.deepEqual(cells, ['100, 80', '40 × 24', '700 px', '31.0'], 'the strongest first');
    await holds(page, "document.querySelector('#viewer img').naturalWidth === 256");
    await screenshot(page, 'dialog');

    await page.keyboard.press('ArrowRight');
    t.is(await frame.textContent(), 'second (256 × 256)');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    t.is(await frame.textContent(), 'first (256 × 256)', 'the last one stays');
    t.is(await dialog.locator('[data-part=place]').textContent(), '3 of 3');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await holds(page, "document.activeElement === document.querySelectorAll('.thumb')[2]");
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    t.is(await frame.textContent(), 'second (256 × 256)', 'the focus went back to the strip');
    t.deepEqual(complaints, []);
  });
});

browserTest('ids are text, whatever is in them', async (t) => {
  await show({}, async ({ page, live, complaints, hosts }) => {
    defect(live, HOSTILE, `"><script>document.title='owned'</script>`);
    live.setTraining(HOSTILE, { step: 1, steps: 2, loss: 1, etaSeconds: 1 });
    void live.publish(frameOf('b'), { ...REJECTION, message: HOSTILE });
    await page.locator('.thumb').first().click();
    await page.locator('.training').waitFor();
    await page.locator('.card img:not([hidden])').first().waitFor();
    t.true((await page.locator('.card-name').allTextContents()).includes(HOSTILE));
    t.is(await page.locator('#viewer-title').textContent(), HOSTILE);
    t.is(await page.locator('.training [data-part=name]').textContent(), HOSTILE);
    t.is(await page.locator('img[src="x"], body script').count(), 0);
    t.is(await page.title(), 'Patchline');
    t.deepEqual(complaints, []);
    t.is(hosts.size, 1);
  });
});

browserTest('fifty hostile cameras and frames are fifty cards with pictures', async (t) => {
  const ids = hostileIds(50);
  const feeding = (live: LiveView) => {
    for (const id of ids) defect(live, id, id);
  };
  await show({ feed: feeding, viewport: VIEWPORTS.wall4k }, async (shown) => {
    const { page, complaints, hosts } = shown;
    const names = new Set(ids.map(boundedId));
    await page
      .locator('.card img:not([hidden])')
      .nth(names.size - 1)
      .waitFor();
    const named = new Set(await page.locator('.card-name').allTextContents());
    t.deepEqual(
      [...names].filter((name) => !named.has(name)),
      [],
    );
    await page.locator('.thumb').first().click();
    await holds(page, "document.querySelector('#viewer img').naturalWidth === 256");
    t.is(await page.evaluate('typeof owned'), 'undefined');
    t.is(await page.title(), 'Patchline');
    t.is(await page.locator('body script, img[src="x"]').count(), 0);
    t.is(hosts.size, 1);
    t.deepEqual(complaints, []);
  });
});

browserTest('before the first frame: what to do, then the training', async (t) => {
  await show({}, async (shown) => {
    const { page, live, clock, worker } = shown;
    worker.health = { live: true, ready: false, state: 'starting', reasons: ['loading the model'] };
    await page.getByText('Patchline is starting').waitFor();
    await page.locator('#empty').getByText('loading the model').waitFor();
    worker.health = RUNNING;
    await page.getByText('Waiting for the first frame').waitFor();
    await page.getByText('Check that the source delivers').waitFor();
    live.setTraining('brushed steel', {
      ...{ step: 420, steps: 1000, loss: 0.3812, heldOutAccuracy: 0.614 },
      etaSeconds: 21,
    });
    const phase = 'fitting densities';
    live.setTraining('printed tin', { phase, step: 3, steps: 8, etaSeconds: Number.NaN });
    const first = page.locator('.training').first();
    await first.waitFor();
    t.is(await first.locator('.training-percent').textContent(), '42 %');
    t.is(
      await first.locator('.training-facts').textContent(),
      'training · step 420 of 1,000 · loss 0.38 · held-out accuracy 61 % · about 21 s left',
    );
    const second = page.locator('.training-facts').nth(1);
    t.is(await second.textContent(), 'fitting densities · step 3 of 8');
    t.false(await page.locator('#empty').isVisible());
    await screenshot(page, 'training');
    live.setTraining('brushed steel', undefined);
    live.setTraining('printed tin', undefined);
    feed(live, clock, ['cam-1']);
    await page.locator('.card').waitFor();
    t.false(await page.locator('#trainings').isVisible());
  });
});

browserTest('a camera that is silent turns stale', async (t) => {
  await show({}, async ({ page, live, clock }) => {
    feed(live, clock, ['cam-1']);
    await page.locator('.verdict', { hasText: 'OK' }).waitFor();
    clock.behind = -7_000;
    live.setTraining('none', undefined); // an update, and with it the new time
    await page.locator('.verdict', { hasText: 'STALE' }).waitFor();
    const note = (await page.locator('.picture p').textContent()) ?? '';
    t.regex(note, /^No frame for \d+.* s\. The last one was OK\.$/);
  });
});

browserTest('a lost connection is shown and comes back', async (t) => {
  await show({ feed: (live, clock) => feed(live, clock, ['cam-1']) }, async (shown) => {
    const { page, live, server } = shown;
    await page.locator('.state', { hasText: 'running' }).waitFor();
    t.false(await page.locator('#banner').isVisible());
    await server.close();
    await page.getByText('No connection to Patchline.').waitFor();
    t.is(await page.locator('#state').textContent(), 'offline');
    const { port } = server;
    const registry = new Registry();
    const health = () => RUNNING;
    const again = await startHttp({ host: '127.0.0.1', port, registry, live, health });
    await page.locator('.state', { hasText: 'running' }).waitFor();
    t.false(await page.locator('#banner').isVisible());
    t.is(await page.locator('.card').count(), 1);
    await again.close();
  });
});

const NINE = Array.from({ length: 9 }, (_, i) => `station ${i + 1}`);
const LONG = ['cam-1', 'a camera with a very long name in hall 7, line 3, station 12 (upper left)'];

for (const [name, viewport] of Object.entries(VIEWPORTS)) {
  for (const cameras of [LONG, NINE]) {
    browserTest(`${cameras.length} cameras fit on a ${name}`, async (t) => {
      const colorScheme = cameras === NINE ? 'light' : 'dark';
      const view = {
        viewport,
        colorScheme,
        feed: (live: LiveView, clock: Clock) => feed(live, clock, cameras),
      } as const;
      await show(view, async ({ page, complaints }) => {
        await page
          .locator('.card img:not([hidden])')
          .nth(cameras.length - 1)
          .waitFor();
        const [width, height] = await page.evaluate<[number, number]>(
          '[document.documentElement.scrollWidth, document.documentElement.scrollHeight]',
        );
        t.true(width <= viewport.width, 'no sideways scrolling');
        if (name !== 'phone') t.true(height <= viewport.height, 'all in one view');
        for (const part of ['.verdict', '.card-name', '.figures dd']) {
          const cut = await page
            .locator(part)
            .evaluateAll(
              (elements) => elements.filter((one) => one.scrollWidth > one.clientWidth + 1).length,
            );
          t.is(cut, 0, `${part} is not cut off`);
        }
        t.deepEqual(complaints, []);
        await screenshot(page, `${name}-${cameras.length}`);
      });
    });
  }
}

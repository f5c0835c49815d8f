import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { Gauge, Registry } from 'prom-client';
import { PatchlineError } from '../../src/errors.js';
import type { Health } from '../../src/observe/health.js';
import { type HttpOptions, type HttpServer, startHttp } from '../../src/observe/http.js';
import { LiveView } from '../../src/observe/live.js';
import { Metrics } from '../../src/observe/metrics.js';
import { frameOf, judgementOf, regionOf } from './synthetic.js';

const RUNNING: Health = { live: true, ready: true, state: 'running', reasons: [] };

interface Served {
  readonly server: HttpServer;
  readonly live: LiveView;
  readonly metrics: Metrics;
  health: Health;
}

/** Serves on a free port for the time of a test. */
async function serve<T>(run: (served: Served) => Promise<T>, options: Partial<HttpOptions> = {}) {
  const registry = new Registry();
  const metrics = new Metrics(registry, { nodeMetrics: false });
  const live = new LiveView({ updatesPerSecond: 50 });
  const health = () => served.health;
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    registry,
    live,
    health,
    ...options,
  });
  const served: Served = { server, live, metrics, health: RUNNING };
  try {
    return await run(served);
  } finally {
    await server.close();
    await live.close();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly text: string;
}

/** One request, its path sent as it is: fetch would tidy it up. */
function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, method, agent: false });
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body, text: body.toString() });
      });
    });
    asked.end();
  });
}

test('metrics are text, and OpenMetrics for who asks for it', async (t) => {
  await serve(async ({ server, metrics }) => {
    metrics.frameSettled(frameOf('c'), judgementOf(3));
    const text = await ask(server.port, '/metrics');
    t.is(text.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    t.regex(text.text, /^patchline_frames_total\{camera="c",outcome="ok"\} 1$/m);
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    const open = await ask(server.port, '/metrics', { accept });
    t.regex(open.headers['content-type'] ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    t.true(open.text.endsWith('# EOF\n'));
    t.regex((await ask(server.port, '/metrics')).text, /# TYPE patchline_frames_total counter/);
  });
});

/** As RFC 9110 §12.5.1 has it; the first two are what Prometheus 2.42 and 3.0 send. */
const ACCEPTS: readonly (readonly [accept: string, format: 'openmetrics' | 'text'])[] = [
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    'openmetrics',
  ],
  ['text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.9', 'text'],
  ['application/openmetrics-text;q=0,*/*', 'text'],
  ['Application/OpenMetrics-Text ; q=0.2', 'openmetrics'],
  ['text/html,*/*', 'text'],
  ['', 'text'],
];

for (const [accept, format] of ACCEPTS) {
  test(`who accepts '${accept.slice(0, 60)}' gets ${format}, exemplars only there`, async (t) => {
    await serve(async ({ server, metrics }) => {
      metrics.frameSettled(frameOf('c', 'frame-17'), judgementOf(30));
      const { headers, text } = await ask(server.port, '/metrics', { accept });
      t.is(
        headers['content-type']?.startsWith('application/openmetrics-text'),
        format === 'openmetrics',
      );
      const bucket = /^patchline_frame_score_bucket\{le="30",camera="c"\} 1(.*)$/m.exec(text)?.[1];
      const [exemplar] = bucket?.split('} ') ?? [];
      t.is(exemplar, format === 'openmetrics' ? ' # {frame_id="frame-17"' : '');
    });
  });
}

test('probes follow the health, with its reasons', async (t) => {
  await serve(async (served) => {
    const { port } = served.server;
    const statuses = async () => [
      (await ask(port, '/livez')).status,
      (await ask(port, '/readyz')).status,
    ];
    served.health = { live: true, ready: false, state: 'starting', reasons: ['loading'] };
    t.deepEqual(await statuses(), [200, 503]);
    t.deepEqual(JSON.parse((await ask(port, '/readyz')).text), served.health);
    served.health = RUNNING;
    t.deepEqual(await statuses(), [200, 200]);
    served.health = { live: false, ready: false, state: 'failed', reasons: ['the encoder died'] };
    t.deepEqual(await statuses(), [503, 503]);
  });
});

test('the page is complete, and nothing on it comes from elsewhere', async (t) => {
  await serve(async ({ server: { port } }) => {
    const page = await ask(port, '/');
    t.is(page.status, 200);
    t.is(page.headers['content-type'], 'text/html; charset=utf-8');
    t.notRegex(page.text, /https?:\/\/|<script>|style=|onclick/);
    const used = [...page.text.matchAll(/(?:src|href)="([\w./-]+)"/g)].map(([, file]) => file);
    for (const file of new Set(used)) t.is((await ask(port, `/${file}`)).status, 200, file);
    t.true(used.includes('live.js') && used.includes('live.css'));
  });
});

test('every answer forbids sniffing, caching, framing and foreign code', async (t) => {
  await serve(async ({ server: { port } }) => {
    for (const path of ['/', '/live.js', '/metrics', '/livez', '/frames/x.jpg', '/nothing']) {
      const { headers } = await ask(port, path);
      t.regex(
        String(headers['content-security-policy']),
        /^default-src 'none'; script-src 'self';/,
      );
      t.notRegex(String(headers['content-security-policy']), /unsafe|\*/);
      t.is(headers['x-content-type-options'], 'nosniff');
      t.is(headers['cache-control'], 'no-store');
    }
  });
});

test('only GET and HEAD, errors in JSON', async (t) => {
  await serve(async ({ server: { port } }) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const refused = await ask(port, '/', {}, method);
      t.is(refused.status, 405);
      t.is(refused.headers.allow, 'GET, HEAD');
      t.is(typeof JSON.parse(refused.text).error, 'string');
    }
    const missing = await ask(port, '/secret');
    t.is(missing.status, 404);
    t.is(typeof JSON.parse(missing.text).error, 'string');
    const head = await ask(port, '/', {}, 'HEAD');
    t.deepEqual([head.status, head.body.length], [200, 0]);
    t.true(Number(head.headers['content-length']) > 1000);
  });
});

test('pictures are found by ids of any kind', async (t) => {
  const ids = [
    'frames-0-17',
    '../../etc/passwd',
    'a/b?c#d',
    '<img src=x>',
    'ä 検',
    '..',
    '%2e',
    '',
  ];
  await serve(async ({ server: { port }, live }) => {
    for (const [i, id] of ids.entries()) {
      const overlay = new Uint8Array([i, i, i]);
      await live.publish(frameOf(id, id), judgementOf(30, { overlay }));
    }
    for (const [i, id] of ids.entries()) {
      for (const folder of ['frames', 'cameras']) {
        const answer = await ask(port, `/${folder}/${encodeURIComponent(id)}.jpg?v=1`);
        t.is(answer.headers['content-type'], 'image/jpeg', `${folder} ${id}`);
        t.deepEqual([...answer.body], [i, i, i]);
      }
    }
  });
});

test('no path leads to a file', async (t) => {
  await serve(async ({ server: { port } }) => {
    for (const path of [
      '/frames/../../package.json',
      '/frames/..%2f..%2f..%2fpackage.json.jpg',
      '/cameras/%2e%2e%2f%2e%2e%2fetc%2fpasswd.jpg',
      '/../package.json',
      '/page/live.js',
      '/index.html',
      '//live.js',
      '/%00',
      '/frames/%.jpg',
      '/frames/%ff.jpg',
      '/frames/.jpg',
    ]) {
      t.is((await ask(port, path)).status, 404, path);
    }
  });
});

test('any path is answered', async (t) => {
  const path = fc
    .tuple(fc.constantFrom('/', '/frames/', '/cameras/'), fc.webPath(), fc.constantFrom('', '.jpg'))
    .map((parts) => parts.join(''));
  await serve(async ({ server: { port } }) => {
    await fc.assert(
      fc.asyncProperty(path, async (asked) => [200, 404].includes((await ask(port, asked)).status)),
      { numRuns: 100 },
    );
  });
  t.pass();
});

/** Reads server-sent events until there are `count` of them. */
async function eventsOf(
  response: Response,
  count: number,
): Promise<[name: string, data: string][]> {
  const events: [string, string][] = [];
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const [event, data] = [field('event'), field('data')];
      if (event !== undefined && data !== undefined) events.push([event, data]);
    }
    if (events.length >= count) break;
  }
  return events.slice(0, count);
}

test('events begin with a snapshot and the health, then come updates', async (t) => {
  await serve(async ({ server, live }) => {
    await live.publish(frameOf('a\n\nevent: forged', 'x'), judgementOf(3));
    const response = await fetch(`${server.url}events`);
    t.is(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const reading = eventsOf(response, 3);
    await live.publish(frameOf('a\n\nevent: forged', 'y'), judgementOf(30));
    const events = await reading;
    t.deepEqual(
      events.map(([name]) => name),
      ['snapshot', 'health', 'update'],
    );
    const [snapshot, health, update] = events.map(([, data]) => JSON.parse(data));
    t.is(snapshot.cameras[0].id, 'a\ufffd\ufffdevent: forged');
    t.deepEqual(health, RUNNING);
    t.is(update.anomalies[0].id, 'y');
  });
});

test('a quiet stream beats', async (t) => {
  await serve(
    async ({ server }) => {
      const response = await fetch(`${server.url}events`);
      const events = await eventsOf(response, 3);
      t.is(events[2][0], 'beat');
    },
    { heartbeatMs: 20 },
  );
});

test('a change of health is told', async (t) => {
  await serve(async (served) => {
    const response = await fetch(`${served.server.url}events`);
    served.health = { ...RUNNING, state: 'draining', ready: false };
    const events = await eventsOf(response, 3);
    t.is(JSON.parse(events[2][1]).state, 'draining');
  });
});

/** Asks for the events until there is room. */
async function letIn(server: HttpServer): Promise<void> {
  for (;;) {
    const response = await fetch(`${server.url}events`);
    await response.body?.cancel();
    if (response.status === 200) return;
  }
}

test('pages beyond the limit are refused, and let in when there is room', async (t) => {
  await serve(
    async ({ server }) => {
      const first = await fetch(`${server.url}events`);
      const second = await fetch(`${server.url}events`);
      t.deepEqual([first.status, second.status], [200, 503]);
      t.is(second.headers.get('retry-after'), '5');
      await first.body?.cancel();
      await letIn(server);
      t.pass();
    },
    { maxClients: 1 },
  );
});

test('closing ends the open streams and is idempotent', async (t) => {
  const registry = new Registry();
  const live = new LiveView();
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    registry,
    live,
    health: () => RUNNING,
  });
  const response = await fetch(`${server.url}events`);
  const ended = response.text();
  await Promise.all([server.close(), server.close()]);
  t.regex(await ended, /^retry: 2000\n\nevent: snapshot\n/);
  await t.throwsAsync(fetch(server.url));
});

test('a page that does not read is dropped and holds nothing back', async (t) => {
  await serve(
    async ({ server, live }) => {
      const asked = request({
        host: '127.0.0.1',
        port: server.port,
        path: '/events',
        agent: false,
      }).end();
      const unread = await new Promise<IncomingMessage>((resolve) => asked.on('response', resolve));
      unread.on('error', () => {}); // it is cut off in the middle, as it should be
      const regions = Array.from({ length: 20 }, () => regionOf(30));
      const flood = setInterval(() => {
        for (let i = 0; i < 60; i++) {
          void live.publish(frameOf(`c${i}`, `f${i}`), judgementOf(30, { regions }));
        }
      }, 5);
      await letIn(server); // the only place is free: the first page is gone
      clearInterval(flood);
      unread.destroy();
      t.pass();
    },
    { maxClients: 1 },
  );
});

test('bound to other hosts, a token is asked of everything but metrics and probes', async (t) => {
  await serve(
    async ({ server: { port, url } }) => {
      t.regex(url, /^http:\/\/localhost:\d+\/$/);
      const status = async (path: string, headers = {}) => (await ask(port, path, headers)).status;
      for (const path of ['/metrics', '/livez', '/readyz']) t.is(await status(path), 200);
      for (const path of ['/', '/live.js', '/frames/x.jpg', '/events', '/nothing']) {
        t.is(await status(path), 401, path);
      }
      t.is(await status('/', { authorization: 'Bearer s3 cret&' }), 200);
      t.is(await status('/', { authorization: 'Bearer wrong' }), 401);
      t.is(await status('/?token=wrong'), 401);
      t.is(await status('/live.js?token=s3%20cret%26'), 200);
    },
    { host: '0.0.0.0', token: 's3 cret&' },
  );
});

test('a token in the address becomes a cookie and leaves the address', async (t) => {
  await serve(
    async ({ server: { port } }) => {
      const introduced = await ask(port, '/?token=secret');
      t.deepEqual([introduced.status, introduced.headers.location], [303, './']);
      const [cookie] = introduced.headers['set-cookie'] ?? [];
      t.regex(cookie, /^patchline=[0-9a-f]{64}; HttpOnly; SameSite=Lax; Path=\/$/);
      t.false(cookie.includes('secret'));
      const [pair] = cookie.split(';');
      t.is((await ask(port, '/', { cookie: `other=1; ${pair}` })).status, 200);
      t.is((await ask(port, '/', { cookie: `${pair}0` })).status, 401);
      t.is((await ask(port, '/', { cookie: 'patchline=' })).status, 401);
    },
    { host: '0.0.0.0', token: 'secret' },
  );
});

test('bound to other hosts without a token, the page is closed and says so', async (t) => {
  await serve(
    async ({ server: { port } }) => {
      for (const path of ['/metrics', '/livez', '/readyz']) {
        t.is((await ask(port, path)).status, 200, path);
      }
      for (const path of ['/', '/?token=', '/events', '/cameras/x.jpg', '/live.js']) {
        const { status, text } = await ask(port, path, { authorization: 'Bearer undefined' });
        t.is(status, 403, path);
        t.regex(text, /--token/);
      }
    },
    { host: '0.0.0.0' },
  );
});

for (const host of ['127.0.0.1', 'localhost:9464', 'LOCALHOST', '[::1]:9464', '127.1.2.3:1']) {
  test(`on loopback nobody is asked who asks for ${host}`, async (t) => {
    await serve(
      async ({ server: { port } }) => t.is((await ask(port, '/', { host })).status, 200),
      {
        token: 'secret',
      },
    );
  });
}

test('a foreign name that leads to loopback (DNS rebinding) shows nothing without the token', async (t) => {
  for (const host of [
    'evil.example',
    'evil.example:9464',
    '127.0.0.1.evil.example',
    'localhost.evil',
  ]) {
    await serve(async ({ server: { port } }) => {
      t.is((await ask(port, '/', { host })).status, 403, host);
      t.is((await ask(port, '/events', { host })).status, 403, host);
    });
  }
  await serve(
    async ({ server: { port } }) => {
      const host = 'line.example'; // a reverse proxy
      t.is((await ask(port, '/', { host })).status, 401);
      t.is((await ask(port, '/', { host, authorization: 'Bearer secret' })).status, 200);
    },
    { token: 'secret' },
  );
});

test('a port in use is a wrong usage that names the address and the way out', async (t) => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
  });
  const error = await t.throwsAsync(
    serve(async () => {}, { port }),
    { instanceOf: PatchlineError, code: 'PL_PORT_IN_USE' },
  );
  t.is(error.disposition, 'usage');
  t.regex(error.explanation, new RegExp(`127\\.0\\.0\\.1:${port} is in use.*\n.*--http`));
  other.close();
});

test('an address of another machine is a wrong usage', async (t) => {
  const error = await t.throwsAsync(
    serve(async () => {}, { host: '192.0.2.1' }), // TEST-NET-1, nobody's
    { instanceOf: PatchlineError, code: 'PL_USAGE' },
  );
  t.is(error.disposition, 'usage');
  t.regex(error.message, /192\.0\.2\.1/);
});

test('a failing scrape is 500 and logged without the query', async (t) => {
  const lines: unknown[] = [];
  const error = (message: string, fields: unknown) => void lines.push([message, fields]);
  const logger = { debug() {}, info() {}, warn() {}, error, child: () => logger };
  const registry = new Registry();
  const collect = () => Promise.reject(new Error('collector broke'));
  new Gauge({ name: 'broken', help: 'Not to be had.', registers: [registry], collect });
  await serve(
    async ({ server: { port } }) => {
      const failed = await ask(port, '/metrics?token=secret');
      t.is(failed.status, 500);
      t.notRegex(failed.text, /collector/);
    },
    { registry, logger },
  );
  t.is(lines.length, 1);
  t.notRegex(JSON.stringify(lines), /secret/);
});

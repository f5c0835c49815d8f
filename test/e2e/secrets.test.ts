/** A canary for a secret: given in every way there is, it must appear in nothing that comes out. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type CliOptions, type Finished, patchline } from '../helpers/cli.js';
import { png, surface } from '../helpers/images.js';
import { testModelDir } from '../helpers/model.js';

const CANARY = 'c4nary-7f3ab1';
const SIZE = { width: 96, height: 64 };

let model: string;
let folder: string;

test.before(async () => {
  model = await testModelDir(SIZE);
  folder = await mkdtemp(join(tmpdir(), 'patchline-secrets-'));
  await mkdir(join(folder, 'frames'));
  for (let n = 0; n < 3; n++) {
    await writeFile(join(folder, 'frames', `${n}.png`), await png(surface(SIZE, n)));
  }
  await writeFile(join(folder, 'frames', '3.png'), 'no image');
  await writeFile(
    join(folder, 'good.yaml'),
    `token: ${CANARY}\nsasl-password: ${CANARY}\nwatch: 7\n`,
  );
  await writeFile(
    join(folder, 'lists.yaml'),
    `token: [${CANARY}]\nsasl-password: {x: ${CANARY}}\n`,
  );
  await writeFile(join(folder, 'names.yaml'), `tokn: ${CANARY}\nsaslPassword: ${CANARY}\n`);
  await writeFile(join(folder, 'broken.yaml'), `token: "${CANARY}\nsasl-password: ${CANARY}: x\n`);
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

function run(args: readonly string[], options: Partial<CliOptions> = {}): Promise<Finished> {
  const debug = ['--log-level', 'debug', '--verbose', '--json'];
  return patchline(['run', ...args, ...debug], { cwd: folder, ...options });
}

const SECRETS = { PATCHLINE_TOKEN: CANARY, PATCHLINE_SASL_PASSWORD: CANARY };
const FLAGS = ['--token', CANARY, '--sasl-password', CANARY];

const WRONG: Record<string, () => Promise<Finished>> = {
  'flags beside a wrong one': () => run([...FLAGS, '--max-frames', 'many']),
  'flags that break a rule': () => run([...FLAGS, '--model', 'm', '--source', 's']),
  'a value that looks like a flag': () =>
    run(['--token', `-${CANARY}`, '--sasl-password', `-${CANARY}`]),
  'a misspelt flag': () => run(['--tokn', CANARY, `--sasl-pasword=${CANARY}`]),
  'variables beside a wrong one': () =>
    run([], { environment: { ...SECRETS, PATCHLINE_MAX_FRAMES: 'many' } }),
  ...Object.fromEntries(
    ['good', 'lists', 'names', 'broken'].map((name) => [
      `a file (${name})`,
      () => run(['--config', `${name}.yaml`]),
    ]),
  ),
};

for (const [name, wrong] of Object.entries(WRONG)) {
  test(`in ${name}: refused without it`, async (t) => {
    const { code, stdout, stderr } = await wrong();
    t.is(code, 2, stderr);
    t.regex(stderr, /error: /);
    t.false((stdout + stderr).includes(CANARY), stdout + stderr);
  });
}

test('a broker that is away is told of without it, down to the debug log', async (t) => {
  const topics = ['--frames-topic', 'f', '--results-topic', 'r', '--sasl-username', 'user'];
  const brokers = ['--brokers', '127.0.0.1:1', ...topics, '--no-http'];
  const { code, stdout, stderr } = await run(['--model', model, ...brokers], {
    environment: SECRETS,
  });
  t.is(code, 1, stderr);
  t.regex(stdout, /PL_KAFKA/);
  t.false((stdout + stderr).includes(CANARY));
});

/** Looks at everything that a running worker shows, then ends it. */
async function lookAround(port: number): Promise<string> {
  const texts: string[] = [];
  for (const path of ['/metrics', '/readyz', '/livez', '/', '/nothing', `/?token=${CANARY}`]) {
    for (const headers of [{}, { authorization: `Bearer ${CANARY}` }]) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers,
        redirect: 'manual',
      });
      texts.push(JSON.stringify([...answer.headers]), await answer.text());
    }
  }
  return texts.join('\n');
}

test('a worker that runs with it shows, logs and stores it nowhere', async (t) => {
  const seen = { shown: '' };
  const args = ['--model', model, '--source', 'frames', '--watch', '--results', 'judged'];
  const { code, stdout, stderr } = await run(
    [...args, '--http', '0.0.0.0:0', '--max-frames', '2'],
    {
      environment: { PATCHLINE_TOKEN: CANARY },
      onStart(child) {
        let text = '';
        child.stderr?.on('data', async (chunk) => {
          text += chunk;
          const port = /"page":"http:\/\/localhost:(\d+)\//.exec(text)?.[1];
          if (port === undefined || seen.shown !== '') return;
          seen.shown = 'being looked at';
          seen.shown = await lookAround(Number(port)).catch(String);
          child.kill('SIGINT');
        });
      },
    },
  );
  t.is(code, 0, stderr);
  t.regex(seen.shown, /patchline_frames_total/);
  t.regex(seen.shown, /a token is needed/);
  const judged = join(folder, 'judged');
  const results = await readFile(join(judged, 'results.jsonl'), 'utf8');
  const rejected = await Promise.all(
    (await readdir(join(judged, 'rejected'))).map((file) =>
      readFile(join(judged, 'rejected', file)),
    ),
  );
  for (const text of [seen.shown, stdout, stderr, results, ...rejected.map(String)]) {
    t.false(text.includes(CANARY));
  }
});

/** The files of deploy/ say the same as each other and as the program. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import type { Command } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { variableOf } from '../../src/config/option.js';

/** As much of Compose and Kubernetes as is looked at. */
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}
interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
}
interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** Compiled, this file lies in dist/test/deploy. */
const read = (path: string): string =>
  readFileSync(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8');
const yaml = (path: string) => parse(read(path), { merge: true });
const base = (name: string) => yaml(`k8s/base/${name}.yaml`);

const dockerfile = read('Dockerfile');
const compose: Compose = yaml('compose.yaml');
const example = variablesOf(read('.env.example'));
const env = variablesOf(read('k8s/base/patchline.env'));
const pod = base('deployment').spec.template.spec;
const [container]: readonly Container[] = pod.containers;
const topics = [...read('kafka/topics.sh').matchAll(/^topic (\S+)/gm)].map(([, name]) => name);

const TOPIC_VARIABLES = ['FRAMES', 'RESULTS', 'MAPS', 'DEAD_LETTER'].map(
  (role) => `PATCHLINE_${role}_TOPIC`,
);
const PORT = 9464;

function variablesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, k, v]) => [k, v]));
}

/** `${NAME:?…}` and `${NAME:-default}` as Compose fills them in, secrets with something. */
function filledIn(text: string): string {
  return text.replace(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, name: string, fallback = '') => example[name] || fallback || 'secret',
  );
}

/** What the command does not know or take among the variables. */
function wrongFor(command: Command, variables: Readonly<Record<string, unknown>>): string[] {
  const options = new Map(
    Object.entries(command.about.options).map(([name, option]) => [variableOf(name), option]),
  );
  return Object.entries(variables)
    .filter(([name]) => name.startsWith('PATCHLINE_'))
    .filter(([name, value]) => {
      return !options.get(name)?.kind.schema.safeParse(filledIn(String(value))).success;
    })
    .map(([name, value]) => `${name}=${value}`);
}

test('each variable that a worker gets is an option of `patchline run` and has a value it takes', async (t) => {
  const run = await COMMANDS.run();
  t.deepEqual(container.args, ['run']);
  t.deepEqual(wrongFor(run, env), []);
  t.deepEqual(wrongFor(run, { PATCHLINE_SPEED: 'high' }), ['PATCHLINE_SPEED=high']);
  const gpu = yaml('k8s/overlays/gpu/deployment.yaml').spec.template.spec.containers[0];
  for (const { name, value = '1' } of [...container.env, ...gpu.env]) {
    t.deepEqual(wrongFor(run, { [name]: value }), []);
  }
});

test('each variable in the Compose file is an option of the command that gets it', async (t) => {
  const started: string[] = [];
  for (const [name, { command = [], environment = {} }] of Object.entries(compose.services)) {
    if (command[0] !== 'run' && command[0] !== 'line') continue;
    started.push(name);
    t.deepEqual(wrongFor(await COMMANDS[command[0]](), environment), [], name);
  }
  t.deepEqual(started, ['models', 'line', 'worker-cpu', 'worker-gpu']);
});

test('.env.example has each variable that the Compose file asks for', (t) => {
  const asked = [...read('compose.yaml').matchAll(/\$\{(\w+):/g)].map(([, name]) => name);
  t.deepEqual(
    [...new Set(asked)].filter((name) => !(name in example)),
    [],
  );
  for (const [name, { image }] of Object.entries(compose.services)) {
    t.regex(filledIn(image), /^patchline:(cpu|gpu)$|^docker\.io\/.+:.+/, name);
  }
});

test('the topics are those that are made', (t) => {
  const worker = compose.services['worker-cpu'].environment!;
  t.deepEqual(
    topics,
    TOPIC_VARIABLES.map((name) => worker[name]),
  );
  t.deepEqual(
    topics,
    TOPIC_VARIABLES.map((name) => env[name]),
  );
  t.is(compose.services.line.environment!.PATCHLINE_FRAMES_TOPIC, topics[0]);
});

test('a worker may drain before it is killed', async (t) => {
  const { drainSeconds } = (await COMMANDS.run()).about.options;
  t.true(pod.terminationGracePeriodSeconds > Number(env.PATCHLINE_DRAIN_SECONDS) + 5);
  const grace = Number.parseInt(compose.services['worker-cpu'].stop_grace_period!, 10);
  t.true(grace > Number(drainSeconds.default) + 5);
});

test('everybody means the same port and user', (t) => {
  const [, user] = /^USER (\d+):\d+$/m.exec(dockerfile)!;
  t.is(pod.securityContext.runAsUser, Number(user));
  t.regex(dockerfile, new RegExp(`^EXPOSE ${PORT}$`, 'm'));
  t.true(dockerfile.includes(`http://127.0.0.1:${PORT}/livez`));
  t.true(env.PATCHLINE_HTTP.endsWith(`:${PORT}`));
  t.deepEqual(container.ports, [{ name: 'http', containerPort: PORT }]);
  t.is(base('service').spec.ports[0].port, PORT);
});

test('Prometheus finds the workers and gives them the job that the rules ask for', (t) => {
  const [{ job_name, dns_sd_configs }] = yaml('prometheus/prometheus.yml').scrape_configs;
  const [{ names, port }] = dns_sd_configs;
  t.is(port, PORT);
  for (const name of ['worker-cpu', 'worker-gpu']) {
    t.deepEqual(compose.services[name].networks!.default.aliases, names);
  }
  const { jobLabel, podMetricsEndpoints } = base('podmonitor').spec;
  t.is(base('deployment').spec.template.metadata.labels[jobLabel], job_name);
  t.is(podMetricsEndpoints[0].port, container.ports[0].name);
});

test('KEDA watches the lag of the group that the workers are', (t) => {
  const { triggers, maxReplicaCount, scaleTargetRef } = base('scaledobject').spec;
  t.like(triggers[0].metadata, {
    bootstrapServers: env.PATCHLINE_BROKERS,
    consumerGroup: env.PATCHLINE_GROUP,
    topic: env.PATCHLINE_FRAMES_TOPIC,
  });
  t.is(scaleTargetRef.name, base('deployment').metadata.name);
  t.is(compose.services.topics.environment!.PARTITIONS, String(maxReplicaCount));
});

test('the network lets a worker reach its brokers and the names of the cluster', (t) => {
  const { egress, podSelector } = base('networkpolicy').spec;
  t.deepEqual(podSelector, base('deployment').spec.selector);
  const [dns, kafka] = egress;
  t.deepEqual(dns.to[0].podSelector.matchLabels, { 'k8s-app': 'kube-dns' });
  const [, namespace, port] = /\.(\w+)\.svc:(\d+)$/.exec(env.PATCHLINE_BROKERS)!;
  t.is(kafka.to[0].namespaceSelector.matchLabels['kubernetes.io/metadata.name'], namespace);
  t.true(kafka.ports.some((allowed: { port: number }) => allowed.port === Number(port)));
  // Kustomize would write our label into the selector of the DNS pods, too.
  t.false('includeSelectors' in base('kustomization').labels[0]);
});

test('the rules of Kubernetes are those of Prometheus', (t) => {
  const [resource] = parseAllDocuments(read('k8s/base/prometheusrule.yaml'));
  const { spec } = resource.toJS();
  t.deepEqual(spec, yaml('prometheus/rules.yml'), 'run: node deploy/k8s/prometheusrule.mjs');
});

import test from 'ava';
import { parse } from 'yaml';
import { BUDGET, LATENCY_SECONDS } from '../../../grafana/objective.js';
import { FILES } from '../../helpers/prometheus/dashboards.js';
import { parsePromql } from '../../helpers/prometheus/promql.js';
import { ALERTS, RECORDINGS, ROOT, readText } from '../../helpers/prometheus/rules.js';
import { unknowns } from '../../helpers/prometheus/series.js';
import { prometheusTest, tool } from '../../helpers/prometheus/tools.js';

const it = prometheusTest(test);
const FOLDER = `${ROOT}deploy/prometheus`;
const TESTS = ['rules.test.yml', 'rules.slow.test.yml'];

interface RuleTests {
  readonly tests: {
    readonly name: string;
    readonly input_series: { readonly series: string }[];
    readonly alert_rule_test: { readonly alertname: string; readonly exp_alerts: unknown[] }[];
  }[];
}

const cases = TESTS.flatMap(
  (file) => (parse(readText(`deploy/prometheus/${file}`)) as RuleTests).tests,
);

for (const file of TESTS) {
  it(`promtool test rules ${file}`, async (t) => {
    const { ok, text } = await tool('promtool', ['test', 'rules', `${FOLDER}/${file}`]);
    t.true(ok, text);
  });
}

it('promtool finds the configuration and the rules right', async (t) => {
  const { ok, text } = await tool('promtool', ['check', 'config', `${FOLDER}/prometheus.yml`]);
  t.true(ok, text);
});

test('each alert is tested: it fires, and it is silent', (t) => {
  const checks = cases.flatMap((each) => each.alert_rule_test);
  for (const { alert } of ALERTS) {
    const own = checks.filter(({ alertname }) => alertname === alert);
    t.true(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      `${alert} is seen to fire`,
    );
    t.true(
      own.some(({ exp_alerts }) => exp_alerts.length === 0),
      `${alert} is seen to be silent`,
    );
  }
});

test('tests feed series that a worker exports', (t) => {
  for (const { name, input_series } of cases) {
    for (const { series } of input_series) {
      if (series.startsWith('up{job="kafka"')) continue; // a target that is not ours
      t.deepEqual(unknowns(parsePromql(series)), [], name);
    }
  }
});

test('rules ask for metrics and labels that a worker exports', (t) => {
  for (const rule of [...ALERTS, ...RECORDINGS]) {
    const parsed = parsePromql(rule.expr);
    t.deepEqual(parsed.errors, [], rule.expr);
    t.deepEqual(unknowns(parsed), [], rule.expr);
  }
});

test('each alert waits or says that it does not, has a severity and its texts', (t) => {
  for (const { alert, for: wait, labels, annotations } of ALERTS) {
    t.regex(wait, /^\d+[sm]$/, alert);
    t.true(['page', 'ticket'].includes(labels.severity), alert);
    const texts = ['summary', 'description', 'dashboard_url', 'runbook_url'];
    t.deepEqual(Object.keys(annotations), texts, alert);
  }
});

test('an alert of a camera names it, one of a worker names that', (t) => {
  for (const { alert, expr, annotations } of ALERTS) {
    const { selectors } = parsePromql(expr);
    const isOfCamera =
      selectors.some(({ metric }) => metric.startsWith('camera:')) || /by \(camera/.test(expr);
    t.is(/\$labels\.camera/.test(annotations.summary), isOfCamera, alert);
    t.is(/\$labels\.camera/.test(annotations.dashboard_url), isOfCamera, alert);
    const isOfWorker = /engine\?/.test(annotations.dashboard_url);
    t.is(/\$labels\.instance/.test(annotations.summary), isOfWorker, alert);
  }
});

test('links lead to dashboards and to the variables that these have', (t) => {
  const byUid = new Map(Object.values(FILES).map((dashboard) => [dashboard.uid, dashboard]));
  for (const { alert, annotations } of ALERTS) {
    const link = /\/d\/([\w-]+)(?:\?var-(\w+)=.*)?$/.exec(annotations.dashboard_url);
    const variables = byUid.get(link?.[1] ?? '')?.templating.list.map(({ name }) => name);
    t.truthy(variables, alert);
    if (link?.[2] !== undefined) t.true(variables?.includes(link[2]), alert);
  }
});

test('each alert has its section in the runbook, and no section is left over', (t) => {
  const sections = readText('deploy/runbook.md').split(/^## /m).slice(1);
  const names = sections.map((section) => section.split('\n', 1)[0]);
  t.deepEqual(
    names,
    ALERTS.map(({ alert }) => alert),
  );
  for (const [i, { alert, annotations, labels }] of ALERTS.entries()) {
    t.true(annotations.runbook_url.endsWith(`#${alert.toLowerCase()}`), alert);
    t.true(sections[i].includes(`**Means** (${labels.severity}):`), alert);
    t.regex(sections[i], /\*\*Look\*\*: .+\n[\s\S]*\*\*Do\*\*: ./, alert);
  }
});

test('links within the runbook lead to sections of it', (t) => {
  const text = readText('deploy/runbook.md');
  for (const [, name, anchor] of text.matchAll(/\[(\w+)\]\(#(\w+)\)/g)) {
    t.true(text.includes(`\n## ${name}\n`), name);
    t.is(anchor, name.toLowerCase());
  }
});

test('rules and dashboards mean the same objectives', (t) => {
  const rules = readText('deploy/prometheus/rules.yml');
  const bounds = [...rules.matchAll(/le="([^"]+)"/g)].map(([, bound]) => Number(bound));
  t.deepEqual([...new Set(bounds)], [LATENCY_SECONDS]);
  const budgets = [...rules.matchAll(/[\d.]+ \* (0\.\d+)/g)].map(([, budget]) => Number(budget));
  t.deepEqual([...new Set(budgets)], [BUDGET]);
  t.is(budgets.length, 8);
});

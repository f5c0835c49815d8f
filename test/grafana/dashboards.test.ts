import test from 'ava';
import { DASHBOARDS, fileOf } from '../../grafana/dashboards.js';
import { FILES, NAMES, PANELS } from '../helpers/prometheus/dashboards.js';
import { parsePromql, substitute } from '../helpers/prometheus/promql.js';
import { readText } from '../helpers/prometheus/rules.js';
import { SERIES, unknowns } from '../helpers/prometheus/series.js';

for (const name of NAMES) {
  test(`${name}.json is what the code makes (npm run dashboards)`, (t) => {
    t.is(readText(`grafana/dashboards/${name}.json`), fileOf(DASHBOARDS[name]));
  });
}

test('links from elsewhere rely on the uids', (t) => {
  t.deepEqual(
    Object.values(FILES).map(({ uid }) => uid),
    ['patchline-line', 'patchline-camera', 'patchline-engine', 'patchline-slo'],
  );
});

test('all share the crosshair, mark alerts and starts, and lead to each other', (t) => {
  for (const { title, graphTooltip, annotations, links, tags } of Object.values(FILES)) {
    t.is(graphTooltip, 1, title);
    const names = annotations.list.map(({ name }) => name);
    t.deepEqual(names, ['Alerts', 'Worker starts']);
    t.deepEqual(tags, ['patchline']);
    t.like(links[0], { type: 'dashboards', tags, includeVars: true, keepTime: true });
  }
});

test('panels have numbers of their own and do not overlap', (t) => {
  for (const { title, panels } of Object.values(FILES)) {
    t.is(new Set(panels.map(({ id }) => id)).size, panels.length, title);
    const taken = new Map<string, string>();
    for (const { title: panel, gridPos } of panels) {
      t.true(gridPos.w > 0 && gridPos.x + gridPos.w <= 24, panel);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          t.is(taken.get(`${x},${y}`), undefined, `${title}: ${panel}`);
          taken.set(`${x},${y}`, panel);
        }
      }
    }
  }
});

test('rows leave no holes: the panels of a line are of one height and fill it', (t) => {
  for (const { title, panels } of Object.values(FILES)) {
    const tops = new Set(panels.map(({ gridPos }) => gridPos.y));
    for (const top of tops) {
      const line = panels.filter(({ gridPos }) => gridPos.y === top);
      t.is(new Set(line.map(({ gridPos }) => gridPos.h)).size, 1, `${title}: ${line[0].title}`);
      t.is(
        line.reduce((sum, { gridPos }) => sum + gridPos.w, 0),
        24,
        `${title}: ${line[0].title}`,
      );
    }
  }
});

test('every panel says what it means, in which unit, of which data source', (t) => {
  for (const { title, description, datasource, fieldConfig, type, options } of PANELS) {
    t.true((description?.length ?? 0) > 40 && /[.)]$/.test(description!), title);
    t.truthy(fieldConfig?.defaults.unit, title);
    t.is(datasource?.uid, `\${datasource}`, title);
    if (type === 'timeseries' || type === 'state-timeline') {
      t.true(options?.legend?.showLegend, title);
    }
  }
});

/** Panels, annotations and variables: all that is asked of Prometheus. */
function* queries(): Generator<[where: string, expr: string]> {
  for (const { file, title, targets } of PANELS) {
    for (const { expr } of targets!) yield [`${file}: ${title}`, expr];
  }
  for (const [file, { annotations }] of Object.entries(FILES)) {
    for (const { name, expr } of annotations.list) yield [`${file}: ${name}`, expr!];
  }
}

test('every query is PromQL and asks for metrics and labels that a worker exports', (t) => {
  for (const [where, expr] of queries()) {
    const parsed = parsePromql(substitute(expr));
    t.deepEqual(parsed.errors, [], where);
    t.deepEqual(unknowns(parsed), [], where);
    t.true(parsed.selectors.length > 0, where);
  }
});

test('every label in a legend is one that the query leaves', (t) => {
  for (const { file, title, targets } of PANELS) {
    for (const { expr, legendFormat } of targets!) {
      const { selectors, grouping } = parsePromql(substitute(expr));
      const left = /\b(by|sum|max|min|count)\b ?\(/.test(expr)
        ? grouping
        : [...SERIES.get(selectors[0].metric)!];
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        t.true(left.includes(label), `${file}: ${title}: ${label}`);
      }
    }
  }
});

test('rates adapt to the zoom', (t) => {
  for (const [where, expr] of queries()) {
    for (const [, window] of expr.matchAll(/\[([^\]]+)\]/g)) {
      t.true(['$__rate_interval', '$__range', '30d'].includes(window), `${where}: ${window}`);
    }
  }
});

test('variables list the values of labels that there are', (t) => {
  for (const { title, templating } of Object.values(FILES)) {
    for (const { name, definition } of templating.list.slice(1)) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition!)!;
      t.true(SERIES.get(metric)?.has(label), title);
      t.is(name, label);
    }
    t.is(templating.list[0].name, 'datasource');
  }
});

test('the checks see what is wrong', (t) => {
  t.is(parsePromql('sum(rate(up[5m])').errors.length, 1);
  t.deepEqual(unknowns(parsePromql('sum by (stage) (patchline_threshold{kamera="x"}) + nope')), [
    'patchline_threshold has no label kamera',
    'no metric nope',
    'no metric has stage',
  ]);
});

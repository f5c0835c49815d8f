/** What all dashboards share: variables, annotations, links, rows of panels. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, type PanelBuilder } from './panels.js';

const TAG = 'patchline';

export interface Row {
  readonly title: string;
  /** From left to right, 24 columns a line. */
  readonly panels: readonly PanelBuilder[];
}

/** A choice at the top of the dashboard: the values of a label, one, some or all. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(metric, label)` */
  readonly query: string;
}

export interface DashboardSpec {
  /** Alerts link to it: it never changes. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variable?: Variable;
  readonly rows: readonly Row[];
  /** How far back it opens, such as `1h`. */
  readonly range: string;
  /** Which alerts are marked in the graphs; matchers of ALERTS besides the name. */
  readonly alerts?: string;
}

export function dashboard(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags([TAG])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: `now-${spec.range}`, to: 'now' })
    .refresh('30s')
    .readonly()
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data').type('prometheus'))
    .annotation(alerts(spec.alerts))
    .annotation(starts())
    .link(others());
  if (spec.variable !== undefined) builder.withVariable(choice(spec.variable));
  let id = 1;
  for (const { title, panels } of spec.rows) {
    builder.withRow(new RowBuilder(title).id(id++));
    for (const panel of panels) builder.withPanel(panel.id(id++));
  }
  return visible(builder.build());
}

/** The SDK puts links and annotations into a menu, where few would look. */
function visible(dashboard: Dashboard): Dashboard {
  for (const control of [...dashboard.links!, ...dashboard.annotations.list!]) {
    delete control.placement;
  }
  return dashboard;
}

function choice({ name, label, query }: Variable): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .current({ text: ['All'], value: ['$__all'] })
    .sort(VariableSort.NaturalAsc)
    .refresh(VariableRefresh.OnTimeRangeChanged);
}

/** Where an alert began; how long it lasted would veil the graphs in red just when they are needed. */
function alerts(matchers = ''): AnnotationQueryBuilder {
  const firing = `ALERTS{alertname=~"Patchline.+", alertstate="firing"${matchers}}`;
  return new AnnotationQueryBuilder()
    .name('Alerts')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor('red')
    .expr(`${firing} unless ${firing} offset 1m`)
    .titleFormat('{{alertname}}')
    .textFormat('{{camera}} {{instance}}')
    .step('30s');
}

/** A roll-out explains much of what is seen after it. */
function starts(): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name('Worker starts')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor('blue')
    .expr('process_start_time_seconds{job="patchline"} * 1000')
    .useValueForTime(true)
    .titleFormat('worker started')
    .textFormat('{{instance}}')
    .step('30s');
}

function others(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Patchline')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .includeVars(true)
    .keepTime(true);
}

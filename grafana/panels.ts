/** The kinds of panels that the dashboards are made of, all looking alike. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  MappingType,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that is chosen at the top of each dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` };

export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Shows the frames behind a histogram as dots. */
  readonly exemplar?: boolean;
}

export interface PanelSpec {
  readonly title: string;
  /** What it means and what to do: read by somebody who was just woken up. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Columns of 24. */
  readonly span: number;
  readonly height?: number;
  /** A unit of Grafana, or `suffix:…`. */
  readonly unit: string;
  /** Where it becomes a warning (orange) and a problem (red), rising. */
  readonly limits?: readonly [warning: number, problem: number];
  /** Below it is a problem (red). */
  readonly least?: number;
  readonly decimals?: number;
}

/** A panel that can still be given its number. */
export interface PanelBuilder extends Builder<Panel> {
  id(id: number): this;
}

/** One number. It is that of now: the last one of a worker that is gone would be a lie. */
export function stat(spec: PanelSpec): PanelBuilder {
  return common(new StatBuilder(), { height: 4, ...spec }, NOW)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(spec));
}

export interface TimeSeriesSpec extends PanelSpec {
  readonly stacked?: boolean;
  /** Series whose names match are limits: dashed and red, and not in the legend. */
  readonly limitSeries?: string;
  /** Of series that mean something good or bad, by name; the others get what is left of the palette. */
  readonly colors?: Readonly<Record<string, string>>;
  /** Linear up to 10, then by powers of two: one gross defect leaves the others to be seen. */
  readonly compressed?: boolean;
  readonly min?: number;
  readonly max?: number;
}

export function timeSeries(spec: TimeSeriesSpec): PanelBuilder {
  const { min = 0, max } = spec;
  const builder = common(new TimeSeriesBuilder(), spec)
    .legend(legend())
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .fillOpacity(spec.stacked ? 30 : 0)
    .lineWidth(1)
    .min(min);
  if (max !== undefined) builder.max(max);
  if (spec.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (spec.limits !== undefined) {
    const style = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
    builder.thresholds(thresholds(spec)).thresholdsStyle(style);
  }
  if (spec.limitSeries !== undefined) {
    builder.overrideByRegexp(spec.limitSeries, [
      { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
    ]);
  }
  for (const [name, fixedColor] of Object.entries(spec.colors ?? {})) {
    builder.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor } }]);
  }
  if (spec.compressed) {
    const scale = new ScaleDistributionConfigBuilder().type(ScaleDistribution.Symlog);
    builder.scaleDistribution(scale.log(2).linearThreshold(10));
  }
  return builder;
}

/** A histogram of Prometheus over time: one row for each of its buckets. */
export function heatmap(spec: PanelSpec): PanelBuilder {
  const { unit } = spec;
  return common(new HeatmapBuilder(), spec, { format: PromQueryFormat.Heatmap })
    .color(
      new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64),
    )
    .yAxis(new YAxisConfigBuilder().unit(unit))
    .tooltip(
      new HeatmapTooltipBuilder()
        .mode(TooltipDisplayMode.Single)
        .yHistogram(true)
        .showColorScale(true),
    )
    .showLegend();
}

export interface State {
  readonly text: string;
  readonly color: string;
}

export interface TilesSpec extends Omit<PanelSpec, 'unit' | 'limits'> {
  readonly states: readonly State[];
}

/** What the numbers 0, 1, … of a query stand for. */
function states(names: readonly State[]): ValueMapping {
  const options = Object.fromEntries(names.map((state, index) => [index, { ...state, index }]));
  return { type: MappingType.ValueToText, options };
}

/** A tile for each series, in the colour of its state: seen from across the hall. */
export function tiles(spec: TilesSpec): PanelBuilder {
  return common(new StatBuilder(), { ...spec, unit: 'none' }, NOW)
    .mappings([states(spec.states)])
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
}

export function timeline(spec: PanelSpec & { readonly states: readonly State[] }): PanelBuilder {
  return common(new TimelineBuilder(), spec)
    .mappings([states(spec.states)])
    .legend(legend())
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(80);
}

export interface TableSpec extends Omit<PanelSpec, 'unit' | 'limits'> {
  /** Columns in this order; those not named are hidden. */
  readonly columns: readonly string[];
}

/** The labels of the series that there are now. */
export function table(spec: TableSpec): PanelBuilder {
  const indexByName = Object.fromEntries(spec.columns.map((name, i) => [name, i]));
  const include = { include: { names: spec.columns } };
  return common(
    new TableBuilder(),
    { ...spec, unit: 'none' },
    { ...NOW, format: PromQueryFormat.Table },
  )
    .withTransformation({ id: 'filterFieldsByName', options: include })
    .withTransformation({ id: 'organize', options: { indexByName } });
}

/** What the builders of all kinds of panels have in common. */
interface AnyPanelBuilder extends PanelBuilder {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: typeof DATASOURCE): this;
  span(columns: number): this;
  height(rows: number): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  withTarget(target: Builder<Dataquery>): this;
}

/** How Prometheus is asked; a graph, if nothing is said. */
interface Asked {
  readonly instant?: boolean;
  readonly format?: PromQueryFormat;
}

const NOW: Asked = { instant: true };

function common<B extends AnyPanelBuilder>(builder: B, spec: PanelSpec, asked: Asked = {}): B {
  const { title, description, span, height = 8, unit, queries, decimals } = spec;
  builder.title(title).description(description).datasource(DATASOURCE);
  builder.span(span).height(height).unit(unit);
  if (decimals !== undefined) builder.decimals(decimals);
  for (const [i, query] of queries.entries()) builder.withTarget(target(query, i, asked));
  return builder;
}

function target({ expr, legend, exemplar }: Query, index: number, { instant, format }: Asked) {
  const query = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .expr(expr)
    .legendFormat(legend);
  if (format !== undefined) query.format(format);
  if (exemplar) query.exemplar(true);
  return instant ? query.instant() : query.range();
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
}

function thresholds({ limits, least }: PanelSpec): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(limits, least));
}

function steps(limits: PanelSpec['limits'], least: PanelSpec['least']): Threshold[] {
  if (least !== undefined) return [lowest('red'), { value: least, color: 'green' }];
  if (limits === undefined) return [lowest('blue')];
  const [warning, problem] = limits;
  return [lowest('green'), { value: warning, color: 'orange' }, { value: problem, color: 'red' }];
}

const lowest = (color: string): Threshold => ({ value: null, color });

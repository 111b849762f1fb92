// Builds the ECharts option of a chart model.
import type { EChartsCoreOption } from "echarts/core";
import { axisBytes, axisMoney, axisMs, axisPercent, compact } from "../format/number";
import { shown } from "../format/shown";
import { colour } from "../ui/theme";
import { binary, niceStep, wholeStep } from "./axis";
import type { Mark, Series, Stretch, TimeChartModel } from "./model";
import { indexOf, labelOf, nameOfSlot, ticks } from "./periods";

/** Areas reach from the middle of a slot to that of another, so that one of a single slot would have no width. */
const areas = (stretches: Stretch[], slots: number) => ({
  silent: true,
  animation: false,
  data: stretches.map(({ first, last, kind }) => [
    {
      xAxis: first === last && last === slots - 1 ? Math.max(0, first - 1) : first,
      itemStyle: { color: colour(kind === "none" ? "no-data" : "slow") },
    },
    { xAxis: first === last ? Math.min(slots - 1, last + 1) : last },
  ]),
});

/** Whether a mark's name would overlap its neighbour's. It is then shown in tooltip and table only. */
const crowded = (marks: readonly Mark[], mark: Mark, length: number, width: number): boolean =>
  marks.some(
    (other) => other !== mark && (Math.abs(other.at - mark.at) / length) * width < (other.kind === "alert" ? 22 : 36),
  );

const lines = (model: TimeChartModel, width: number) => {
  const length = model.slots.end - (model.slots.starts[0] ?? 0);
  const all = model.marks ?? [];
  const marks = all.flatMap((mark: Mark) => {
    const index = indexOf(model.slots, mark.at);
    if (index < 0) return [];
    const alert = mark.kind === "alert";
    return [
      {
        xAxis: index,
        name: mark.name,
        lineStyle: { color: colour(alert ? "alarm" : "deploy"), type: alert ? "solid" : [3, 3], width: 1 },
        label: {
          // Alerts come in clusters whose names would overlap, so they are named in tooltip and table.
          formatter: alert ? "▼" : crowded(all, mark, length, width) ? "" : shown(mark.name),
          color: colour(alert ? "alarm" : "deploy"),
          position: "end",
          align: "center",
          fontSize: 10,
          distance: 2,
        },
      },
    ];
  });
  const thresholds = (model.thresholds ?? []).map((threshold) => ({
    yAxis: threshold.value,
    name: threshold.name,
    lineStyle: { color: colour(threshold.colour ?? "alarm"), type: [6, 4], width: 1 },
    // Named below the chart, where its text lies over nothing.
    label: { show: false },
  }));
  return { silent: true, animation: false, symbol: "none", data: [...marks, ...thresholds] };
};

const plot = (series: Series, model: TimeChartModel, onTop: boolean, log: boolean) => {
  const ink = colour(series.colour);
  const last = model.slots.starts.length - 1;
  if (series.kind === "bar") {
    return {
      id: series.id,
      name: series.name,
      type: "bar",
      stack: series.stack,
      barCategoryGap: model.slots.starts.length > 120 ? "0%" : "18%",
      itemStyle: { color: ink },
      emphasis: { disabled: true },
      data: series.values.map((value, i) =>
        // The slot in progress is drawn paler.
        model.running && i === last && value !== null ? { value, itemStyle: { color: ink, opacity: 0.4 } } : value,
      ),
    };
  }
  const dashFrom = model.running && last > 0;
  return {
    id: series.id,
    name: series.name,
    type: "line",
    showSymbol: true,
    // A value between two gaps has no line and needs a dot.
    symbol: "circle",
    symbolSize: (_: unknown, at: { dataIndex: number }) => {
      const alone = series.values[at.dataIndex - 1] == null && series.values[at.dataIndex + 1] == null;
      return alone || (dashFrom && at.dataIndex === last) ? 4 : 0;
    },
    connectNulls: false,
    lineStyle: { color: ink, width: series.width ?? 1.5, type: series.dash ? [4, 3] : "solid" },
    itemStyle: { color: ink },
    emphasis: { disabled: true },
    z: onTop ? 4 : 3,
    data: log ? series.values.map((value) => (value === 0 ? null : value)) : series.values,
  };
};

/** The highest value that is drawn, with stacked bars added up. */
const highest = (model: TimeChartModel, visible: readonly Series[]): number => {
  let max = 0;
  model.slots.starts.forEach((_, index) => {
    let stack = 0;
    for (const series of visible) {
      const value = series.values[index] ?? 0;
      if (series.stack) stack += value;
      else max = Math.max(max, value);
    }
    max = Math.max(max, stack);
  });
  return Math.max(max, ...(model.thresholds ?? []).map((threshold) => threshold.value * 1.02));
};

const AXIS: Readonly<Record<TimeChartModel["unit"], (value: number) => string>> = {
  count: compact,
  ms: axisMs,
  bytes: axisBytes,
  percent: axisPercent,
  money: axisMoney,
  decimal: (value) => String(+value.toFixed(6)),
};

/** The least value, 0 unless a value lies below it. Only what is no count can be negative. */
const lowest = (model: TimeChartModel, visible: readonly Series[]): number =>
  model.unit === "decimal" ? Math.min(0, ...visible.flatMap(({ values }) => values.map((value) => value ?? 0))) : 0;

/** The powers of ten around all values and thresholds; a zero has no place among them. */
const powersOf = (model: TimeChartModel, visible: readonly Series[]) => {
  const positive = [
    ...visible.flatMap(({ values }) => values.filter((value): value is number => value !== null && value > 0)),
    ...(model.thresholds ?? []).map(({ value }) => value),
  ];
  const low = Math.min(...(positive.length === 0 ? [1] : positive));
  const high = Math.max(...(positive.length === 0 ? [10] : positive));
  const min = 10 ** Math.floor(Math.log10(low));
  return { min, max: Math.max(10 * min, 10 ** Math.ceil(Math.log10(high) - 1e-9)) };
};

const scaleOf = (model: TimeChartModel, visible: readonly Series[]) => {
  const max = highest(model, visible);
  const low = lowest(model, visible);
  // 100% is the top of a percentage axis.
  if (model.unit === "percent" && max <= 102 && max > 50)
    return { interval: 25, min: 0, max: 100, formatter: AXIS.percent };
  const step = niceStep(Math.max(max, -low), 4, model.unit === "bytes" ? binary : () => 1);
  const interval = model.unit === "count" ? wholeStep(step) : step;
  const formatter = AXIS[model.unit];
  const top = Math.max(1, Math.ceil(max / interval - 1e-9)) * interval;
  return { interval, min: Math.floor(low / interval + 1e-9) * interval, max: top, formatter };
};

export interface Drawn {
  tz: string;
  hidden: ReadonlySet<string>;
  width: number;
  /** Whether the value axis is logarithmic. */
  log?: boolean;
}

/** The ECharts option; `tooltip` builds the box for a slot. */
export const optionOf = (
  model: TimeChartModel,
  { tz, hidden, width, log = false }: Drawn,
  tooltip: (index: number) => HTMLElement | string,
): EChartsCoreOption => {
  const ink = colour("ink-2");
  const rule = colour("rule");
  const shown = ticks(model.slots, Math.max(3, Math.floor(width / 84)));
  const visible = model.series.filter((series) => !hidden.has(series.id));
  const scale = scaleOf(model, visible);
  return {
    animation: false,
    // The same margins for all charts, so that their time axes line up.
    grid: { left: 56, right: 10, top: 18, bottom: 20 },
    xAxis: {
      type: "category",
      data: model.slots.starts.map((_, index) => nameOfSlot(model.slots, index, tz)),
      boundaryGap: true,
      axisLine: { lineStyle: { color: rule } },
      axisTick: { show: false },
      axisLabel: {
        color: ink,
        fontSize: 11,
        interval: (index: number) => shown.has(index),
        formatter: (_: string, index: number) => labelOf(model.slots, index),
        hideOverlap: true,
        margin: 8,
      },
      axisPointer: {
        show: true,
        type: "line",
        snap: true,
        triggerTooltip: true,
        label: { show: false },
        lineStyle: { color: colour("ink-2"), width: 1, type: "solid" },
      },
    },
    yAxis: {
      ...(log
        ? { type: "log", ...powersOf(model, visible) }
        : { type: "value", min: scale.min, max: scale.max, interval: scale.interval }),
      axisLabel: { color: ink, fontSize: 11, formatter: scale.formatter, margin: 6 },
      splitLine: { lineStyle: { color: rule } },
    },
    tooltip: {
      trigger: "axis",
      renderMode: "html",
      confine: true,
      transitionDuration: 0,
      backgroundColor: "transparent",
      borderWidth: 0,
      padding: 0,
      extraCssText: "box-shadow:none",
      formatter: (items: { dataIndex: number }[] | { dataIndex: number }) =>
        tooltip((Array.isArray(items) ? items[0] : items)?.dataIndex ?? -1),
    },
    series: [
      ...visible.map((series) => plot(series, model, series.width === 2, log)),
      {
        // Areas and lines have series of their own, so that they stay when all others are hidden.
        id: "marks",
        type: "line",
        data: model.slots.starts.map(() => null),
        silent: true,
        markArea: areas(model.stretches ?? [], model.slots.starts.length),
        z: 1,
      },
      {
        id: "lines",
        type: "line",
        data: model.slots.starts.map(() => null),
        silent: true,
        z: 6,
        markLine: { ...lines(model, width), z: 6 },
      },
    ],
  };
};

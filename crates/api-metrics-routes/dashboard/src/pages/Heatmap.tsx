// Heatmaps of endpoints over time and of the hours of a week.
import { useMemo, useState } from "react";
import { exportUrl, useHeatmap, useSeries, useStatus } from "../api/queries";
import { endOf } from "../charts/periods";
import { iso } from "../format/time";
import { byEndpoint, ROWS } from "../heatmap/endpointGrid";
import { Grid } from "../heatmap/Grid";
import { HeatTable } from "../heatmap/HeatTable";
import { Legend } from "../heatmap/Legend";
import { METRICS, type Metric } from "../heatmap/model";
import type { Scale } from "../heatmap/scale";
import { byWeekday } from "../heatmap/weekdayGrid";
import { Export } from "../ui/Export";
import { SegmentedControl } from "../ui/SegmentedControl";
import { Empty, Failure } from "../ui/states";
import { href, open, patch, useLocation } from "../view/location";
import { lengthOf, useView } from "../view/view";

const STEPS = { hour: "1h", day: "1d", week: "1w" } as const;
type Step = keyof typeof STEPS;

/** The steps that give a readable number of columns for a range of `length` seconds. */
const fitting = (length: number): Step[] => {
  if (length <= 172_800) return ["hour"];
  if (length <= 15 * 86_400) return ["hour", "day"];
  return ["day", "week", ...(length <= 32 * 86_400 ? (["hour"] as const) : [])];
};

const pick = <T extends string>(value: string | undefined, known: readonly T[]): T =>
  known.find((each) => each === value) ?? (known[0] as T);

const TITLES: Readonly<Record<"endpoints" | "weekday", Readonly<Record<Metric, string>>>> = {
  endpoints: { requests: "Requests", errors: "Error rate", latency: "p95 latency" },
  weekday: { requests: "Average weekly requests", errors: "Error rate", latency: "Average latency" },
};

const titleOf = (layout: keyof typeof TITLES, metric: Metric): string =>
  `${TITLES[layout][metric]} ${layout === "weekday" ? "by weekday and hour" : "by endpoint and time"}`;

const Heatmap = () => {
  const view = useView();
  const { params } = useLocation();
  const [asTable, setAsTable] = useState(false);
  const layout = pick(params.layout, ["endpoints", "weekday"] as const);
  const metric = pick(params.metric, Object.keys(METRICS) as Metric[]);
  const scale = pick<Scale>(params.scale, ["linear", "log"]);
  const length = lengthOf(view);
  const steps = fitting(length);
  const step = pick(params.step, steps);
  const chosen = params.step === step ? STEPS[step] : null;
  // Unless a step was chosen, columns are minutes up to an hour, then five minutes, hours and days; longer where
  // those are no longer kept.
  const usual = length <= 3_600 ? 60 : length <= 21_600 ? 300 : length <= 15 * 86_400 ? 3_600 : 86_400;
  const columns = Math.min(400, Math.ceil(length / usual));

  const series = useSeries(view, {
    groupBy: "service,method,endpoint",
    ...(chosen === null ? { points: columns } : { granularity: chosen }),
    top: ROWS,
    enabled: layout === "endpoints",
    maxPages: 20,
    metrics: "requestCount,errorCount4xx,errorCount5xx,errorRate,p95Ms",
  });
  const week = useHeatmap(view, { layout: "weekday", granularity: "hour" }, layout === "weekday");
  const status = useStatus(view).data;
  const shownQuery = layout === "endpoints" ? series : week;

  const endpoints = useMemo(
    () =>
      layout === "endpoints" && series.data
        ? byEndpoint(series.data, metric, view.tz, status, view.service, view.environment)
        : null,
    [layout, series.data, metric, view.tz, status, view.service, view.environment],
  );
  const weekdays = useMemo(
    () => (layout === "weekday" && week.data ? byWeekday(week.data, metric) : null),
    [layout, week.data, metric],
  );
  const model = endpoints?.model ?? weekdays;
  const shown = METRICS[metric];
  const label = titleOf(layout, metric);

  const openCell = (row: number, column: number) => {
    const found = endpoints?.model.rows[row];
    if (!found || !endpoints) return;
    const start = endpoints.slots.starts[column] ?? 0;
    const end = endOf(endpoints.slots, column);
    const [service = "", method = "", ...rest] = found.id.split(" ");
    open("endpoint", {
      service,
      method,
      endpoint: rest.join(" "),
      period: undefined,
      from: iso(start),
      to: iso(end),
    });
  };

  return (
    <section className="card heat-card" aria-label="Heatmap" data-stale={shownQuery.isPlaceholderData}>
      <header className="card-head">
        <h1 className="heat-title">{label}</h1>
        <div className="card-tools">
          <SegmentedControl
            label="Layout"
            value={layout}
            options={[
              ["endpoints", "By endpoint"],
              ["weekday", "By weekday"],
            ]}
            onChange={(value) => patch({ layout: value })}
          />
          <SegmentedControl
            label="Metric"
            value={metric}
            options={(Object.keys(METRICS) as Metric[]).map((id) => [id, METRICS[id].name])}
            onChange={(value) => patch({ metric: value }, true)}
          />
          {layout === "endpoints" && steps.length > 1 && (
            <SegmentedControl
              label="Step"
              value={step}
              options={steps.map((id) => [id, id[0]?.toUpperCase() + id.slice(1)])}
              onChange={(value) => patch({ step: value }, true)}
            />
          )}
          <SegmentedControl
            label="Scale"
            value={scale}
            options={[
              ["linear", "Linear"],
              ["log", "Log"],
            ]}
            onChange={(value) => patch({ scale: value }, true)}
          />
          <button type="button" className="ghost" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {asTable ? "Chart" : "Table"}
          </button>
          <Export
            url={(format) =>
              exportUrl(view, format, {
                groupBy: "service,method,endpoint",
                granularity: layout === "weekday" ? "1h" : (chosen ?? "auto"),
              })
            }
          />
        </div>
      </header>
      {layout === "weekday" && length < 7 * 86_400 && (
        <p className="heat-hint muted">
          Weekly patterns need more than one week of data:{" "}
          <a href={href("heatmap", { layout, metric, scale, period: "30d", from: undefined, to: undefined })}>
            show 30 days
          </a>
          .
        </p>
      )}
      {shownQuery.error && !model ? (
        <Failure error={shownQuery.error} retry={() => void shownQuery.refetch()} />
      ) : !model ? (
        <div className="skeleton heat-wait" />
      ) : model.max === 0 && metric === "requests" ? (
        <Empty>No requests in this range.</Empty>
      ) : asTable ? (
        <HeatTable model={model} caption={label} exact={shown.short} />
      ) : (
        <>
          <Grid
            model={model}
            scale={scale}
            rowHeight={layout === "weekday" ? 38 : 24}
            label={label}
            onOpen={endpoints ? openCell : undefined}
          />
          <footer className="heat-foot">
            {endpoints && endpoints.model.rows.length === ROWS && (
              <span className="muted">The {ROWS} endpoints with the most requests</span>
            )}
            {series.data && layout === "endpoints" && !series.data.complete && (
              <span className="notice">
                Too many rows: the hatched end of the range was not read. Filter by service or choose a larger step.
              </span>
            )}
            <Legend
              gaps={model.values.some((row, r) => row.some((value, c) => value === null && !model.unknown(r, c)))}
              unknown={model.values.some((row, r) => row.some((value, c) => value === null && model.unknown(r, c)))}
              max={model.max}
              scale={scale}
              short={shown.short}
            />
          </footer>
        </>
      )}
    </section>
  );
};

export default Heatmap;

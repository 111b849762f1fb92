// A card with a chart over time: title, legend with switches, and the chart or its table.
import { lazy, type ReactNode, Suspense, useCallback, useId, useMemo, useState } from "react";
import { useMay } from "../api/session";
import { iso } from "../format/time";
import { Empty, Failure } from "../ui/states";
import { patch, useLocation } from "../view/location";
import { useView } from "../view/view";
import { ChartTable } from "./ChartTable";
import { useHover } from "./hover";
import { isFlattened, nameOf, type TimeChartModel } from "./model";
import { indexOf, nameOfSlot, spanOfSlots } from "./periods";

const Plot = lazy(() => import("./Plot").then(({ Plot }) => ({ default: Plot })));

interface Props {
  title: string;
  /** Identifies the chart in `data-chart`. */
  name: string;
  model: TimeChartModel | null;
  error?: unknown;
  /** Whether the range has no data at all. */
  empty?: boolean;
  extra?: ReactNode;
  stale?: boolean;
  /** Whether a drag changes the page's time range. False for a chart with a range of its own. */
  zooms?: boolean;
  /** The text for an empty chart. */
  nothing?: string;
  /** Where a slot leads: to what is counted in it. */
  link?: ((index: number) => string) | undefined;
  /** Where a new alert rule about what is shown is made. */
  alert?: string | undefined;
}

/** The chart's label: its title, thresholds, marks and highlighted stretches. Values are in its table. */
const labelOf = (title: string, model: TimeChartModel, tz: string): string => {
  const lines = (model.thresholds ?? []).map((threshold) => `Threshold ${threshold.name}.`);
  const marks = [...new Set((model.marks ?? []).map(nameOf))].map((name) => `${name}.`);
  const stretches = (model.stretches ?? []).map(
    ({ first, last, kind }) =>
      `${kind === "slow" ? "Slow" : "No data"}: ${spanOfSlots(model.slots, first, last, tz)}.`,
  );
  return [`${title}. The table view has the same values.`, ...lines, ...marks, ...stretches].join(" ");
};

export const TimeChart = ({
  title,
  name,
  model,
  error,
  empty = false,
  extra,
  stale = false,
  zooms = true,
  nothing = "No requests in this range.",
  link,
  alert,
}: Props) => {
  const id = useId();
  const { write } = useMay();
  const { tz } = useView();
  const { params } = useLocation();
  const tables = params.table?.split(",") ?? [];
  const asTable = tables.includes(name);
  const flipTable = () => {
    const others = tables.filter((each) => each !== name);
    patch({ table: (asTable ? others : [...others, name]).join(",") }, true);
  };
  // Chosen in the URL, else by the values.
  const axes = params.axis?.split(",") ?? [];
  const flattened = useMemo(() => model?.logarithmic === true && isFlattened(model), [model]);
  const log =
    model?.logarithmic === true && !axes.includes(`${name}-linear`) && (flattened || axes.includes(`${name}-log`));
  const flipAxis = () => {
    const others = axes.filter((each) => !each.startsWith(`${name}-`));
    const next = log ? "linear" : "log";
    patch(
      { axis: (next === (flattened ? "log" : "linear") ? others : [...others, `${name}-${next}`]).join(",") },
      true,
    );
  };
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(new Set());
  const hover = useHover();

  const hidden = useMemo(() => {
    const off = new Set<string>();
    for (const series of model?.series ?? [])
      if ((series.off ?? false) !== flipped.has(series.id)) off.add(series.id);
    return off;
  }, [model, flipped]);

  const flip = (series: string) =>
    setFlipped((before) => {
      const after = new Set(before);
      if (!after.delete(series)) after.add(series);
      return after;
    });

  const zoom = useCallback(
    (from: number, to: number) => patch({ period: undefined, from: iso(from), to: iso(to) }),
    [],
  );
  const follow = (slot: number) => {
    if (link) window.location.hash = link(slot);
  };
  const index = model && hover.at !== null ? indexOf(model.slots, hover.at) : -1;
  const start = model?.slots.starts[index];

  const body = () => {
    if (error !== undefined && error !== null && !model) return <Failure error={error} />;
    if (!model) return <div className="plot skeleton" />;
    if (empty) return <Empty>{nothing}</Empty>;
    if (asTable) return <ChartTable model={model} tz={tz} caption={title} link={link} />;
    return (
      <Suspense fallback={<div className="plot skeleton" />}>
        <Plot
          id={id}
          model={model}
          tz={tz}
          hidden={hidden}
          log={log}
          onZoom={zooms ? zoom : undefined}
          onPick={link && follow}
          label={labelOf(title, model, tz)}
        />
      </Suspense>
    );
  };

  return (
    <section className="card chart" aria-label={title} data-chart={name} data-stale={stale}>
      <header className="card-head">
        <h2>{title}</h2>
        <div className="legend" role="group" aria-label={`Series of ${title}`}>
          {model?.series.map((series) => (
            <button
              key={series.id}
              type="button"
              className="legend-item"
              aria-pressed={!hidden.has(series.id)}
              onClick={() => flip(series.id)}
              title={hidden.has(series.id) ? "Show" : "Hide"}
            >
              <span className="swatch" data-colour={series.colour} />
              {series.name}
            </button>
          ))}
        </div>
        <div className="card-tools">
          {extra}
          {alert !== undefined && write && (
            <a className="ghost" href={alert} aria-label={`Alert on this: ${title}`}>
              Alert on this
            </a>
          )}
          {model?.logarithmic && !asTable && (
            <button
              type="button"
              className="ghost"
              aria-pressed={log}
              title="A logarithmic axis shows ordinary and rare values at once"
              onClick={flipAxis}
            >
              Log
            </button>
          )}
          <button type="button" className="ghost" aria-pressed={asTable} onClick={flipTable}>
            {asTable ? "Chart" : "Table"}
          </button>
        </div>
      </header>
      {body()}
      <div className="chart-foot">
        <p className="chart-thresholds">
          {!asTable &&
            !empty &&
            model?.thresholds?.map(({ name: text, colour }) => (
              <span key={text} title={text}>
                <i aria-hidden="true" data-colour={colour ?? "alarm"} />
                {text}
              </span>
            ))}
        </p>
        <p className="chart-readout" aria-hidden="true">
          {model && start !== undefined && hover.source !== id && !asTable && !empty
            ? `${nameOfSlot(model.slots, index, tz).split(", ").pop()}   ${model.series
                .filter((series) => !hidden.has(series.id))
                .map(
                  (series) =>
                    `${series.name} ${series.values[index] == null ? "–" : model.short(series.values[index])}`,
                )
                .join("   ")}`
            : "\u00a0"}
        </p>
      </div>
    </section>
  );
};

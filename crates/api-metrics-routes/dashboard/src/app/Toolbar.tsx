// Time range, time zone, service, environment and refresh, shared by all pages.
import { useId, useMemo, useState } from "react";
import { useSeries } from "../api/queries";
import { fromInput, iso, toInput } from "../format/time";
import { DateInput } from "../ui/DateInput";
import { Select } from "../ui/Select";
import { patch, useLocation } from "../view/location";
import { lengthOf, localZone, PERIODS, REFRESHES, type Refresh, useView } from "../view/view";

const NAMES: Readonly<Record<Refresh, string>> = {
  "2s": "Every 2 s",
  "5s": "Every 5 s",
  "30s": "Every 30 s",
  off: "Off",
};

const zones = (chosen: string): string[] => {
  const all = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([chosen, localZone, "UTC", ...all])];
};

/** The services and environments that have data in the range, and the chosen ones, on whichever page. */
const useLabels = () => {
  const view = useView();
  const { service, env } = useLocation().params;
  const page = useSeries(
    { ...view, service: null, environment: null, filters: {}, refresh: "off" },
    {
      groupBy: "service,environment",
      metrics: "requestCount",
      granularity: "none",
      maxPages: 1,
      covers: false,
    },
  );
  return useMemo(() => {
    const of = (pick: "service" | "environment", chosen: string | undefined) =>
      [
        ...new Set([
          ...(chosen === undefined ? [] : [chosen]),
          ...(page.data?.data ?? []).flatMap((row) => row[pick] ?? []),
        ]),
      ].sort();
    return { service, env, services: of("service", service), environments: of("environment", env) };
  }, [page.data, service, env]);
};

const all = (values: readonly string[]): [string, string][] => [
  ["", "All"],
  ...values.map((each): [string, string] => [each, each]),
];

export const Toolbar = ({ onRefresh }: { onRefresh: () => void }) => {
  const view = useView();
  const labels = useLabels();
  const [editing, setEditing] = useState(false);
  const [filtersOpen, setFiltersOpen] = useState(false);
  const custom = view.period === null;
  // On a phone the chips are out of sight at first.
  const chosen = [view.service, view.environment, ...Object.values(view.filters)];
  const filtered = chosen.filter((each) => each !== null && each !== undefined).length;

  const shift = (by: number) => {
    const length = lengthOf(view) * 1000;
    const end = view.to === null ? Date.now() : Date.parse(view.to);
    const start = end - length + by * length;
    patch({ period: undefined, from: iso(start), to: iso(Math.min(start + length, Date.now())) });
  };
  const zoomOut = () => {
    const length = lengthOf(view) * 1000;
    const end = view.to === null ? Date.now() : Date.parse(view.to);
    patch({ period: undefined, from: iso(end - 1.5 * length), to: iso(Math.min(end + 0.5 * length, Date.now())) });
  };

  return (
    <section className="toolbar" aria-label="Time range and filters">
      <button
        type="button"
        className="filters-button"
        aria-expanded={filtersOpen}
        onClick={() => setFiltersOpen(!filtersOpen)}
      >
        {filtered > 0 ? `Filters (${filtered})` : "Filters"}
      </button>
      <div className="segmented" role="group" aria-label="Time range">
        {PERIODS.map((period) => (
          <button
            key={period}
            type="button"
            aria-pressed={view.period === period}
            onClick={() => {
              setEditing(false);
              patch({ period: period === "24h" ? undefined : period, from: undefined, to: undefined });
            }}
          >
            {period}
          </button>
        ))}
        <button type="button" aria-pressed={custom} aria-expanded={editing} onClick={() => setEditing(!editing)}>
          Custom
        </button>
      </div>
      <div className="segmented steps" role="group" aria-label="Shift the time range">
        <button type="button" aria-label="Earlier" title="Earlier" onClick={() => shift(-1)}>
          ‹
        </button>
        <button type="button" aria-label="Zoom out" title="Zoom out" onClick={zoomOut}>
          −
        </button>
        <button type="button" aria-label="Later" title="Later" onClick={() => shift(1)} disabled={view.to === null}>
          ›
        </button>
      </div>
      <div className="filters" data-open={filtersOpen}>
        <Select
          label="Service"
          value={labels.service ?? ""}
          options={all(labels.services)}
          onChange={(service) => patch({ service })}
        />
        <Select
          label="Environment"
          value={labels.env ?? ""}
          options={all(labels.environments)}
          onChange={(env) => patch({ env })}
        />
        <Select
          label="Time zone"
          value={view.tz}
          options={zones(view.tz).map((zone) => [zone, zone])}
          onChange={(tz) => patch({ tz })}
        />
        <Select
          label="Refresh"
          value={view.refresh}
          options={REFRESHES.map((each) => [each, NAMES[each]])}
          onChange={(refresh) => patch({ refresh: refresh === "30s" ? undefined : refresh }, true)}
        />
        <button type="button" className="ghost icon" aria-label="Refresh now" title="Refresh now" onClick={onRefresh}>
          <span aria-hidden="true">↻</span>
        </button>
      </div>
      {editing && <CustomRange close={() => setEditing(false)} />}
    </section>
  );
};

interface DateProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

const DateField = ({ label, value, onChange }: DateProps) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <DateInput id={id} value={value} onChange={onChange} />
    </div>
  );
};

const CustomRange = ({ close }: { close: () => void }) => {
  const view = useView();
  const end = view.to === null ? Date.now() : Date.parse(view.to);
  const [from, setFrom] = useState(toInput(end - lengthOf(view) * 1000, view.tz));
  const [to, setTo] = useState(toInput(end, view.tz));
  const [start, stop] = [fromInput(from, view.tz), fromInput(to, view.tz)];
  const wrong =
    start === null || stop === null
      ? "Enter a start and an end, such as 2026-11-29 14:05."
      : stop <= start
        ? "The end must be after the start."
        : null;
  return (
    <form
      className="custom-range"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong || start === null || stop === null) return;
        patch({ period: undefined, from: iso(start), to: iso(stop) });
        close();
      }}
    >
      <DateField label="From" value={from} onChange={setFrom} />
      <DateField label="To" value={to} onChange={setTo} />
      <button type="submit" className="primary" disabled={wrong !== null}>
        Apply
      </button>
      <span className="field-error" role="alert">
        {wrong}
      </span>
    </form>
  );
};

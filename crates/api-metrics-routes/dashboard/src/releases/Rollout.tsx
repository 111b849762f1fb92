// A release beside the version before: what both answered over time, and what the verdict rests on.
import { useMemo, useState } from "react";
import { useRollout } from "../api/releases";
import type { Release } from "../api/types";
import type { TimeChartModel } from "../charts/model";
import { TimeChart } from "../charts/TimeChart";
import * as number from "../format/number";
import { moment, span } from "../format/time";
import { DescriptionList } from "../ui/DescriptionItem";
import { href } from "../view/location";
import { useView } from "../view/view";
import { COMPARED, chartOf, difference, shown } from "./model";

const CHARTS = [
  ["rollout-requests", "Requests by version", "count"],
  ["rollout-errors", "5xx by version, %", "percent"],
  ["rollout-p95", "p95 by version", "ms"],
] as const;

/** A chart's value of a step, and how it is written. */
const modelOf = (
  unit: (typeof CHARTS)[number][2],
  chart: (of: Parameters<typeof chartOf>[3], how: Pick<TimeChartModel, "short" | "unit" | "exact">) => TimeChartModel,
): TimeChartModel => {
  if (unit === "count") return chart((step) => step.requests, { short: number.compact, unit, exact: number.count });
  if (unit === "ms") return chart((step) => step.p95Ms, { short: number.ms, unit, exact: number.exactMs });
  return chart((step) => (step.requests > 0 ? (step.serverErrors * 100) / step.requests : null), {
    short: number.percent,
    unit,
    exact: number.percent,
  });
};

export const RolloutOf = ({ of }: { of: Release }) => {
  const view = useView();
  const { tz } = view;
  const [opened] = useState(() => Date.now());
  const { from, to } = useMemo(() => shown(of, opened), [of, opened]);
  const rollout = useRollout(view, of, from, to);
  const { data } = rollout;
  const models = useMemo(() => {
    if (!data) return CHARTS.map(() => null);
    return CHARTS.map(([, , unit]) => modelOf(unit, (value, how) => chartOf(data, of, tz, value, how)));
  }, [data, of, tz]);
  const { comparison } = of;
  return (
    <>
      <section className="card" aria-label={`Verdict on ${of.version}`}>
        <header className="card-head">
          <h2>
            {of.version} of {of.service} in {of.environment}
          </h2>
          <div className="card-tools">
            <a href={href("changes", { vs: `release:${of.version}`, service: of.service, env: of.environment })}>
              What changed since
            </a>
          </div>
        </header>
        <p className="card-note">{of.text}.</p>
        {comparison && (
          <DescriptionList
            facts={[
              ["Compared with", `${comparison.previous}: ${COMPARED[comparison.comparedWith] ?? ""}`],
              [comparison.previous, figures(comparison.before, tz)],
              [of.version, figures(comparison.after, tz)],
              ["5xx", difference(comparison.errors, "points")],
              ["p95", difference(comparison.p95, "%")],
              ["Last request", moment(Date.parse(of.lastAt), tz)],
            ]}
          />
        )}
        <p className="card-note muted">
          Intervals hold with 99%. Whole services are compared: an endpoint that is called more often moves them too.
        </p>
      </section>
      {CHARTS.map(([name, title], index) => (
        <TimeChart
          key={name}
          name={name}
          title={title}
          model={models[index] ?? null}
          error={rollout.error}
          empty={data?.versions.length === 0}
          zooms={false}
          stale={rollout.isPlaceholderData}
        />
      ))}
    </>
  );
};

const figures = (of: NonNullable<Release["comparison"]>["after"], tz: string): string =>
  [
    span(Date.parse(of.from), Date.parse(of.to), tz),
    number.plural(of.requests, "request"),
    `${number.percent(of.serverErrorRate)} 5xx`,
    `${number.percent(of.clientErrorRate)} 4xx`,
    `p95 ${number.ms(of.p95Ms)}`,
  ].join(", ");

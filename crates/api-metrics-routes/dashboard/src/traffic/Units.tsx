// Units of the traffic that a filter selects: each over the range, and the chosen one over time.

import { useMemo, useState } from "react";
import { type Filter, useSeries, useStatus } from "../api/queries";
import type { Summary } from "../api/types";
import { TimeChart } from "../charts/TimeChart";
import * as number from "../format/number";
import { Select } from "../ui/Select";
import { alertHref } from "../view/alert";
import { useView } from "../view/view";
import { unit } from "./models";
import { timeline } from "./timeline";
import { idOf, type Unit, unitsOf } from "./unitsOf";

const NO_FILTER: Filter = {};

/** A unit among the options of a list. */
export const optionOf = (each: Unit): [string, string] => [
  idOf(each),
  each.isGauge ? `${each.name} (mean)` : each.name,
];

interface Props {
  summary: Summary | undefined;
  filter?: Filter;
}

/** Nothing where no request of the range has counted a unit. */
export const Units = ({ summary, filter = NO_FILTER }: Props) => {
  const all = useMemo(() => unitsOf(summary ? [summary] : []), [summary]);
  const [first] = all;
  return summary && first ? <Chosen summary={summary} filter={filter} all={all} first={first} /> : null;
};

interface ChosenProps {
  summary: Summary;
  filter: Filter;
  all: readonly Unit[];
  first: Unit;
}

const Chosen = ({ summary, filter, all, first }: ChosenProps) => {
  const view = useView();
  const [id, setId] = useState("");
  const chosen = all.find((each) => idOf(each) === id) ?? first;
  const series = useSeries(view, { filter, metrics: "requestCount,units,gauges" });
  const status = useStatus(view);
  const model = useMemo(() => {
    if (!series.data) return null;
    const line = timeline(series.data, status.data, view.service, view.environment);
    return unit(line, chosen.name, chosen.isGauge);
  }, [series.data, status.data, view.service, view.environment, chosen]);
  return (
    <div className="halves">
      <TimeChart
        name="unit"
        title="Units"
        alert={
          chosen.isGauge
            ? undefined
            : alertHref({
                metric: "unit",
                unit: chosen.name,
                method: filter.method ?? null,
                endpoint: filter.endpoint ?? null,
                key: filter.apiKeyId ?? null,
              })
        }
        model={model}
        error={series.error}
        stale={series.isPlaceholderData}
        extra={<Select label="Unit" value={idOf(chosen)} options={all.map(optionOf)} onChange={setId} />}
      />
      <section className="card" aria-label="Units in this range">
        <header className="card-head">
          <h2>Units in this range</h2>
        </header>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Unit</th>
              <th scope="col" className="num">
                Sum or mean
              </th>
              <th scope="col" className="num">
                From – to
              </th>
            </tr>
          </thead>
          <tbody>
            {all.map((each) => {
              const gauge = each.isGauge ? summary.gauges[each.name] : undefined;
              return (
                <tr key={idOf(each)}>
                  <th scope="row">{each.name}</th>
                  <td className="num">
                    {gauge ? number.decimal(gauge.mean) : number.count(summary.units[each.name])}
                  </td>
                  <td className="num">
                    {gauge ? `${number.decimal(gauge.min)} – ${number.decimal(gauge.max)}` : number.NONE}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </div>
  );
};

// Service level objectives: what is left of each budget, how fast it burns, and the days of one.
import { useMemo, useState } from "react";
import { useObjective, useObjectives, useObjectiveWrites } from "../api/objectives";
import { useMay } from "../api/session";
import type { Objective } from "../api/types";
import type { TimeChartModel } from "../charts/model";
import { TimeChart } from "../charts/TimeChart";
import * as number from "../format/number";
import { moment } from "../format/time";
import { burn, burning, left, promise, RANK, STATES, scopeOf } from "../objectives/model";
import { ObjectiveForm } from "../objectives/ObjectiveForm";
import { DescriptionList } from "../ui/DescriptionItem";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";

const DAY = 86_400_000;

const Objectives = () => {
  const view = useView();
  const { params } = useLocation();
  const objectives = useObjectives(view);
  const { write } = useMay();
  const { remove } = useObjectiveWrites();
  const [removing, setRemoving] = useState<number | null>(null);
  const rows = objectives.data?.data;
  const edited =
    params.edit === undefined
      ? undefined
      : params.edit === "new"
        ? null
        : rows?.find((row) => String(row.id) === params.edit);
  const shown = rows?.find((row) => String(row.id) === params.objective) ?? rows?.[0];

  const columns = useMemo(
    (): Column<Objective>[] => [
      {
        id: "state",
        head: "State",
        by: (row) => RANK[row.state] ?? 9,
        plain: (row) => STATES[row.state]?.label ?? row.state,
        cell: (row) => (
          <span className="badge" data-level={STATES[row.state]?.level ?? "none"}>
            {STATES[row.state]?.label ?? row.state}
          </span>
        ),
      },
      {
        id: "name",
        head: "Objective",
        by: (row) => row.name,
        cell: (row) => (
          <span className="rule">
            <button type="button" className="link" onClick={() => patch({ objective: String(row.id) })}>
              {row.name}
            </button>
            <span className="muted">{promise(row)}</span>
          </span>
        ),
      },
      { id: "scope", head: "Scope", wide: 2, by: scopeOf, cell: scopeOf },
      {
        id: "good",
        head: "Good",
        number: true,
        wide: 1,
        by: (row) => row.good ?? null,
        cell: (row) => `${row.exact ? "" : "about "}${number.percent(row.good)}`,
      },
      {
        id: "left",
        head: "Budget left",
        number: true,
        by: (row) => row.budgetLeft ?? null,
        cell: (row) => left(row.budgetLeft),
      },
      {
        id: "fast",
        head: "Burns, 1 h",
        title: "The lesser of the burn rates over the last hour and its last 5 minutes, which its rule compares",
        number: true,
        wide: 1,
        by: (row) => burning(row, 60, 5),
        cell: (row) => burn(burning(row, 60, 5)),
      },
      {
        id: "slow",
        head: "Burns, 6 h",
        title:
          "The lesser of the burn rates over the last 6 hours and their last 30 minutes, which its rule compares",
        number: true,
        wide: 1,
        by: (row) => burning(row, 360, 30),
        cell: (row) => burn(burning(row, 360, 30)),
      },
      {
        id: "do",
        head: "",
        number: true,
        cell: (row) =>
          write && (
            <span className="row-tools">
              {removing === row.id ? (
                <>
                  <button
                    type="button"
                    className="danger"
                    onClick={() => remove.mutate(row.id, { onSettled: () => setRemoving(null) })}
                  >
                    Delete
                  </button>
                  <button type="button" className="ghost" onClick={() => setRemoving(null)}>
                    Cancel
                  </button>
                </>
              ) : (
                <>
                  <button
                    type="button"
                    className="ghost"
                    aria-label={`Edit ${row.name}`}
                    onClick={() => patch({ edit: String(row.id) })}
                  >
                    Edit
                  </button>
                  <button
                    type="button"
                    className="ghost"
                    aria-label={`Delete ${row.name}`}
                    onClick={() => setRemoving(row.id)}
                  >
                    Delete
                  </button>
                </>
              )}
            </span>
          ),
      },
    ],
    [remove, removing, write],
  );

  return (
    <>
      <h1 className="sr">Objectives</h1>
      {remove.error && <Failure error={remove.error} />}
      <Table
        caption="Objectives"
        columns={columns}
        rows={rows}
        idOf={(row) => String(row.id)}
        text={(row) => `${row.name} ${promise(row)} ${scopeOf(row)}`}
        error={objectives.error}
        retry={() => void objectives.refetch()}
        start={{ id: "state", down: false }}
        empty="No objectives yet. An objective says how many requests have to be good, and what may fail is its budget."
        file="objectives"
        tools={
          write && (
            <button type="button" className="primary" onClick={() => patch({ edit: "new" })}>
              New objective
            </button>
          )
        }
      />
      {shown && <Budget key={shown.id} of={shown} />}
      {write && edited !== undefined && (
        <ObjectiveForm key={`edit ${params.edit}`} objective={edited} close={() => patch({ edit: undefined })} />
      )}
    </>
  );
};

/** Days without requests have no row: the budget stays as it was. */
const budgetOf = (objective: Objective): TimeChartModel | null => {
  const days = objective.days ?? [];
  const from = Date.parse(objective.from);
  const to = Date.parse(objective.to);
  const dayOf = (at: number): number => Math.floor(at / DAY) * DAY;
  const starts: number[] = [];
  for (let at = dayOf(from); at < to; at += DAY) starts.push(at);
  const byDay = new Map(days.map((each) => [dayOf(Date.parse(each.from)), each]));
  let budget: number | null = days.length > 0 ? 100 : null;
  const remaining = starts.map((start) => {
    budget = byDay.get(start)?.budgetLeft ?? budget;
    return budget;
  });
  return {
    slots: { starts, end: (starts[starts.length - 1] ?? to) + DAY, step: "1d", walls: starts, moved: false },
    series: [{ id: "left", name: "Budget left", colour: "p95", kind: "line", values: remaining, width: 2 }],
    short: left,
    unit: "decimal",
    exact: left,
    thresholds: [{ value: 0, name: "used up" }],
    note: (index) => {
      const day = byDay.get(starts[index] ?? 0);
      return day ? `${number.count(day.bad)} of ${number.plural(day.requests, "request")} were bad` : "No requests";
    },
    running: true,
  };
};

const Budget = ({ of }: { of: Objective }) => {
  const { tz } = useView();
  const found = useObjective(useView(), of.id);
  const objective = found.data ?? of;
  const model = useMemo(() => (found.data ? budgetOf(found.data) : null), [found.data]);
  const bad = objective.indicator === "latency" ? "Too slow" : "Failed";
  return (
    <div className="halves">
      <TimeChart
        name="budget"
        title={`Error budget of ${objective.name}, % left`}
        model={model}
        error={found.error}
        empty={objective.requests === 0}
        zooms={false}
      />
      <section className="card" aria-label={`Budget of ${objective.name}`}>
        <header className="card-head">
          <h2>{objective.name}</h2>
          <div className="card-tools">
            <a href={href("alerts")}>Alert rules</a>
          </div>
        </header>
        <DescriptionList
          facts={[
            ["Promise", promise(objective)],
            ["Scope", scopeOf(objective)],
            ["Since", moment(Date.parse(objective.from), tz)],
            ["Requests", number.count(objective.requests)],
            [bad, `${number.count(objective.bad)}, ${number.count(objective.badLeft)} more may`],
            ["Burn rate over 1 h and 5 min", pair(objective, 60, 5)],
            ["Burn rate over 6 h and 30 min", pair(objective, 360, 30)],
            [
              "Counts",
              objective.exact
                ? "Exact"
                : objective.quantileError == null
                  ? "Estimates, by t-digests"
                  : `Estimates: a service reports latencies within ${number.percent(objective.quantileError * 100)}`,
            ],
          ]}
        />
      </section>
    </div>
  );
};

const pair = (objective: Objective, long: number, short: number): string => {
  const rate = (minutes: number) => burn(objective.burnRates.find((each) => each.minutes === minutes)?.rate);
  return `${rate(long)} and ${rate(short)}`;
};

export default Objectives;

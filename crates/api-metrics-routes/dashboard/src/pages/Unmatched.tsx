// Requests that no route matched: scanners, and callers of what is gone. Their paths, times and sources.

import { useMemo } from "react";
import { isMissing, useUnmatched } from "../api/requests";
import { TimeChart } from "../charts/TimeChart";
import * as number from "../format/number";
import { moment } from "../format/time";
import { LogOff } from "../requests/LogOff";
import { byPath, bySource, type Sum } from "../requests/unmatched";
import { errors } from "../traffic/models";
import { useTimeline } from "../traffic/TrafficCharts";
import { Empty, isNotFound } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { alertHref } from "../view/alert";
import { href } from "../view/location";
import { requestsHref } from "../view/requests";
import { useView } from "../view/view";

const FILTER = { endpoint: "<unmatched>" };

const columnsOf = (name: string, others: string, tz: string): Column<Sum>[] => [
  { id: "name", head: name, by: (row) => row.name, cell: (row) => <span className="path">{row.name}</span> },
  {
    id: "requests",
    head: "Requests",
    number: true,
    title: "With those that the kept ones stand for",
    by: (row) => row.requests,
    cell: (row) => number.count(row.requests),
  },
  { id: "others", head: others, number: true, by: (row) => row.others, cell: (row) => number.count(row.others) },
  {
    id: "first",
    head: "First seen",
    number: true,
    wide: 1,
    by: (row) => row.firstAt,
    cell: (row) => <span className="time">{moment(Math.floor(Date.parse(row.firstAt) / 1_000) * 1_000, tz)}</span>,
  },
  {
    id: "last",
    head: "Last seen",
    number: true,
    by: (row) => row.lastAt,
    cell: (row) => <span className="time">{moment(Math.floor(Date.parse(row.lastAt) / 1_000) * 1_000, tz)}</span>,
  },
];

const Unmatched = () => {
  const view = useView();
  const { line, error, stale } = useTimeline(FILTER);
  const model = useMemo(() => (line ? errors(line) : null), [line]);
  const logged = useUnmatched(view);
  const rows = logged.data?.data;
  const [paths, sources] = useMemo(() => [rows && byPath(rows), rows && bySource(rows)], [rows]);
  const [ofPaths, ofSources] = useMemo(
    () => [columnsOf("Path", "Sources", view.tz), columnsOf("Source", "Paths", view.tz)],
    [view.tz],
  );
  const table = { idOf: (row: Sum) => row.name, text: (row: Sum) => row.name, start: { id: "requests", down: true } };
  return (
    <>
      <header className="page-head">
        <a href={href("endpoints")} className="back">
          Endpoints
        </a>
        <h1>Requests that no route matched</h1>
        <a href={requestsHref(FILTER)}>Requests</a>
      </header>
      {isNotFound(error) ? (
        <section className="card">
          <Empty>Every request has matched a route.</Empty>
        </section>
      ) : (
        <div className="tall">
          <TimeChart
            name="unmatched"
            alert={alertHref({ metric: "error_rate", endpoint: FILTER.endpoint })}
            title="Errors without a route"
            model={model}
            error={error}
            empty={line?.empty ?? false}
            stale={stale}
          />
        </div>
      )}
      {isMissing(logged.error) ? (
        <LogOff />
      ) : (
        <div className="halves">
          <Table
            {...table}
            caption="Paths"
            name="paths."
            columns={ofPaths}
            rows={paths}
            error={logged.error}
            stale={logged.isPlaceholderData}
            empty="Every request has matched a route."
            file="unmatched-paths"
            exported="Paths"
            shown={50}
          />
          <Table
            {...table}
            caption="Sources"
            name="sources."
            columns={ofSources}
            rows={sources}
            error={logged.error}
            stale={logged.isPlaceholderData}
            empty="Every request has matched a route."
            file="unmatched-sources"
            exported="Sources"
            shown={50}
          />
        </div>
      )}
    </>
  );
};

export default Unmatched;

// What is no request: a row for each kind of events and each of its forms. Requests to the server are on every
// other page.
import { useMemo } from "react";
import { useSeries } from "../api/queries";
import type { MetricRow } from "../api/types";
import * as number from "../format/number";
import { type Column, Table } from "../ui/Table";
import { useView, type View } from "../view/view";
import { relayShare } from "./relay";

const SERVED: ReadonlySet<string> = new Set(["http", "grpc"]);

const bytesOf = (row: MetricRow): number => (row.requestBytes ?? 0) + (row.responseBytes ?? 0);

const COLUMNS: Column<MetricRow>[] = [
  { id: "kind", head: "Kind", by: (row) => row.protocol ?? "", cell: (row) => row.protocol },
  {
    id: "form",
    head: "Form",
    title: "The model of an agent, the action of a session, the type of a connection's candidates",
    by: (row) => row.method ?? "",
    cell: (row) => row.method || number.NONE,
  },
  {
    id: "events",
    head: "Events",
    number: true,
    by: (row) => row.requestCount ?? 0,
    cell: (row) => number.compact(row.requestCount),
  },
  {
    id: "errors",
    head: "Failed",
    number: true,
    by: (row) => row.errorRate ?? -1,
    cell: (row) => number.percent(row.errorRate),
  },
  {
    id: "average",
    head: "Average",
    number: true,
    wide: 2,
    by: (row) => row.averageMs ?? -1,
    cell: (row) => number.ms(row.averageMs),
  },
  {
    id: "p95",
    head: "p95",
    number: true,
    wide: 1,
    by: (row) => row.p95Ms ?? -1,
    cell: (row) => number.ms(row.p95Ms),
  },
  {
    id: "bytes",
    head: "Bytes",
    number: true,
    wide: 3,
    by: bytesOf,
    cell: (row) => number.bytes(bytesOf(row)),
  },
];

/** What was counted of events; the page waits for the same answer. */
export const useEvents = (view: View) =>
  useSeries(view, {
    filter: { protocol: "any" },
    groupBy: "protocol,method",
    granularity: "none",
    maxPages: 3,
  });

export const Events = () => {
  const view = useView();
  const series = useEvents(view);
  const rows = useMemo(
    () => series.data?.data.filter((row) => !SERVED.has(row.protocol ?? "") && (row.requestCount ?? 0) > 0),
    [series.data],
  );
  const share = rows ? relayShare(rows) : null;
  return (
    <Table
      name="events."
      caption="Events"
      columns={COLUMNS}
      rows={rows}
      idOf={(row) => `${row.protocol} ${row.method}`}
      text={(row) => `${row.protocol} ${row.method}`}
      error={series.error}
      retry={() => void series.refetch()}
      start={{ id: "events", down: true }}
      empty="No events in this range. Services report them to /ingest/v1/events."
      stale={series.isPlaceholderData}
      lead={
        share !== null && (
          <p className="form-hint">
            Connections over a relay: <strong>{number.percent(share)}</strong> of samples
          </p>
        )
      }
      file="events"
      exported="Events"
    />
  );
};

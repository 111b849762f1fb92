// Whom the services call: a row for each route of a partner, by the layer around a client. Calls are on no other page
// but among the events.
import { useMemo } from "react";
import { useDependencies } from "../api/queries";
import type { DependencyRow } from "../api/types";
import * as number from "../format/number";
import { Rate } from "../ui/Route";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";

const UNKNOWN = "<unknown host>";
const OTHER = "<other>";

const idOf = (row: DependencyRow): string => `${row.service} ${row.method} ${row.endpoint}`;

const hostOf = ({ host }: DependencyRow) =>
  host === UNKNOWN ? <i>unknown host</i> : host === OTHER ? <i>other partners</i> : host;

/** Calls a minute between the edges of the answer. */
const perMinute = (calls: number, page: { from: string; to: string; asOf: string }): number | null => {
  const minutes = (Math.min(Date.parse(page.to), Date.parse(page.asOf)) - Date.parse(page.from)) / 60_000;
  return minutes > 0 ? calls / minutes : null;
};

const Dependencies = () => {
  const view = useView();
  const dependencies = useDependencies(view);
  const page = dependencies.data;
  const rows = page?.data;
  const columns = useMemo(
    (): Column<DependencyRow>[] => [
      { id: "service", head: "Service", by: (row) => row.service, cell: (row) => row.service, wide: 1 },
      { id: "host", head: "Calls", by: (row) => row.host, cell: hostOf },
      {
        id: "template",
        head: "Route",
        title: "The template that the call has named",
        by: (row) => row.template ?? "",
        cell: (row) => (
          <span className="route">
            {row.method !== "" && (
              <span className="method" data-method={row.method}>
                {row.method === "_OTHER" ? "other" : row.method}
              </span>
            )}
            <span className="endpoint" title={row.template ?? undefined}>
              {row.template ?? <i>any</i>}
            </span>
          </span>
        ),
      },
      {
        id: "calls",
        head: "Count",
        number: true,
        by: (row) => row.requestCount,
        cell: (row) => number.count(row.requestCount),
      },
      {
        id: "rate",
        head: "Per minute",
        number: true,
        wide: 2,
        by: (row) => row.requestCount,
        cell: (row) => number.decimal(page ? perMinute(row.requestCount, page) : null),
      },
      {
        id: "errors",
        head: "Errors",
        number: true,
        by: (row) => row.errorRate ?? -1,
        cell: (row) => <Rate value={row.errorRate} text={number.percent(row.errorRate)} />,
      },
      {
        id: "none",
        head: "No answer",
        title: "No connection, a connection that broke, or a timeout",
        number: true,
        by: (row) => row.noAnswerCount,
        cell: (row) => number.count(row.noAnswerCount),
      },
      {
        id: "cancelled",
        head: "Cancelled",
        title: "Given up by the service itself",
        number: true,
        wide: 3,
        by: (row) => row.cancelledCount,
        cell: (row) => number.count(row.cancelledCount),
      },
      {
        id: "retries",
        head: "Retries",
        title: "Attempts after the first one",
        number: true,
        by: (row) => row.retryCount,
        cell: (row) => number.count(row.retryCount),
      },
      {
        id: "p50",
        head: "p50",
        number: true,
        wide: 2,
        by: (row) => row.p50Ms ?? -1,
        cell: (row) => number.ms(row.p50Ms),
      },
      { id: "p95", head: "p95", number: true, by: (row) => row.p95Ms ?? -1, cell: (row) => number.ms(row.p95Ms) },
      {
        id: "p99",
        head: "p99",
        number: true,
        wide: 1,
        by: (row) => row.p99Ms ?? -1,
        cell: (row) => number.ms(row.p99Ms),
      },
      {
        id: "out",
        head: "Sent",
        number: true,
        wide: 3,
        by: (row) => row.requestBytes,
        cell: (row) => number.bytes(row.requestBytes),
      },
      {
        id: "in",
        head: "Received",
        number: true,
        wide: 3,
        by: (row) => row.responseBytes,
        cell: (row) => number.bytes(row.responseBytes),
      },
    ],
    [page],
  );
  return (
    <>
      <h1 className="sr">Depends on</h1>
      <Table
        caption="Depends on"
        columns={columns}
        rows={rows}
        idOf={idOf}
        text={idOf}
        error={dependencies.error}
        retry={() => void dependencies.refetch()}
        stale={dependencies.isPlaceholderData}
        start={{ id: "calls", down: true }}
        empty="No outgoing calls in this range. A service records them by metrics.client_layer()."
        file="dependencies"
        exported="Depends on"
      />
    </>
  );
};

export default Dependencies;

import { useMemo } from "react";
import { exportUrl, useEndpoints, useSeries } from "../api/queries";
import type { EndpointRow } from "../api/types";
import * as number from "../format/number";
import { Export } from "../ui/Export";
import { Rate, Route } from "../ui/Route";
import { Sparkline } from "../ui/Sparkline";
import { type Column, Table } from "../ui/Table";
import { href } from "../view/location";
import { lengthOf, useView, type View } from "../view/view";

const idOf = (row: { service?: string; method?: string; endpoint?: string }): string =>
  `${row.service ?? ""} ${row.method ?? ""} ${row.endpoint ?? ""}`;

/** Few points are enough for a line of 96 pixels. */
export const sparkStep = (view: View): string => {
  const length = lengthOf(view);
  return length <= 900 ? "1m" : length <= 21_600 ? "5m" : length <= 172_800 ? "1h" : "1d";
};

/** One line a group; slots without a row are zeros between the first and the last. */
export const lines = <Row extends { periodStart?: string; requestCount?: number }>(
  rows: readonly Row[],
  key: (row: Row) => string,
): Map<string, number[]> => {
  const starts = [...new Set(rows.map((row) => row.periodStart ?? ""))].sort();
  const at = new Map(starts.map((start, index) => [start, index]));
  const found = new Map<string, number[]>();
  for (const row of rows) {
    let line = found.get(key(row));
    if (!line) {
      line = starts.map(() => 0);
      found.set(key(row), line);
    }
    line[at.get(row.periodStart ?? "") ?? 0] = row.requestCount ?? 0;
  }
  return found;
};

const Endpoints = () => {
  const view = useView();
  const endpoints = useEndpoints(view);
  const rows = endpoints.data?.data;
  const trend = useSeries(view, {
    groupBy: "service,method,endpoint",
    metrics: "requestCount",
    granularity: sparkStep(view),
    enabled: rows !== undefined && rows.length > 0 && rows.length <= 120,
  });
  const sparks = useMemo(() => (trend.data?.complete ? lines(trend.data.data, idOf) : null), [trend.data]);
  const services = new Set(rows?.map((row) => row.service)).size;

  const columns = useMemo(
    (): Column<EndpointRow>[] => [
      {
        id: "endpoint",
        head: "Endpoint",
        by: (row) => row.endpoint,
        cell: (row) => (
          <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
            <Route method={row.method} endpoint={row.endpoint} />
          </a>
        ),
      },
      ...(services > 1
        ? [
            {
              id: "service",
              head: "Service",
              by: (row: EndpointRow) => row.service,
              cell: (row: EndpointRow) => row.service,
              wide: 2 as const,
            },
          ]
        : []),
      {
        id: "requests",
        head: "Requests",
        number: true,
        by: (row) => row.requestCount,
        cell: (row) => number.count(row.requestCount),
      },
      {
        id: "trend",
        head: "Trend",
        wide: 2,
        cell: (row) => {
          const values = sparks?.get(idOf(row));
          return values ? (
            <Sparkline values={values} colour="read" label="Requests over the range" />
          ) : (
            <span className="spark-space" />
          );
        },
      },
      {
        id: "errors",
        head: "Errors",
        number: true,
        by: (row) => row.errorRate,
        cell: (row) => (
          <Rate value={row.endpoint === "<unmatched>" ? null : row.errorRate} text={number.percent(row.errorRate)} />
        ),
      },
      {
        id: "avg",
        head: "Avg",
        number: true,
        by: (row) => row.averageMs,
        cell: (row) => number.ms(row.averageMs),
        wide: 3,
      },
      { id: "p50", head: "p50", number: true, by: (row) => row.p50Ms, cell: (row) => number.ms(row.p50Ms), wide: 1 },
      { id: "p95", head: "p95", number: true, by: (row) => row.p95Ms, cell: (row) => number.ms(row.p95Ms) },
      { id: "p99", head: "p99", number: true, by: (row) => row.p99Ms, cell: (row) => number.ms(row.p99Ms), wide: 1 },
      { id: "max", head: "Max", number: true, by: (row) => row.maxMs, cell: (row) => number.ms(row.maxMs), wide: 3 },
      {
        id: "in",
        head: "Received",
        number: true,
        by: (row) => row.requestBytes,
        cell: (row) => number.bytes(row.requestBytes),
        wide: 3,
      },
      {
        id: "out",
        head: "Sent",
        number: true,
        by: (row) => row.responseBytes,
        cell: (row) => number.bytes(row.responseBytes),
        wide: 2,
      },
    ],
    [sparks, services],
  );

  return (
    <>
      <h1 className="sr">Endpoints</h1>
      <Table
        caption="Endpoints"
        columns={columns}
        rows={rows}
        idOf={idOf}
        text={(row) => `${row.service} ${row.method} ${row.endpoint}`}
        error={endpoints.error}
        retry={() => void endpoints.refetch()}
        stale={endpoints.isPlaceholderData}
        start={{ id: "requests", down: true }}
        empty="No requests in this range."
        tools={
          <Export
            url={(format) => exportUrl(view, format, { groupBy: "service,method,endpoint", granularity: "none" })}
          />
        }
      />
    </>
  );
};

export default Endpoints;

import { useMemo, useState } from "react";
import { useEndpoints, useSeries } from "../api/queries";
import { useMay } from "../api/session";
import type { EndpointRow } from "../api/types";
import { SPARKLINE_POINTS, sparklines } from "../charts/sparklines";
import * as number from "../format/number";
import { Pairs } from "../traffic/Pairs";
import { optionOf } from "../traffic/Units";
import { amountOf, idOf as unitId, unitsOf } from "../traffic/unitsOf";
import { AddChip } from "../ui/AddChip";
import { Rate, Route } from "../ui/Route";
import { SegmentedControl } from "../ui/SegmentedControl";
import { Select } from "../ui/Select";
import { Sparkline } from "../ui/Sparkline";
import { type Column, Table } from "../ui/Table";
import { href, patch, useLocation } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";
import { useView } from "../view/view";

const idOf = (row: { service?: string; method?: string; endpoint?: string }): string =>
  `${row.service ?? ""} ${row.method ?? ""} ${row.endpoint ?? ""}`;

const endpointOf = ({ service, method, endpoint }: EndpointRow) => ({ service, method, endpoint });

const SHOWS = [
  ["endpoints", "Endpoints"],
  ["consumers", "By consumer"],
] as const;

const Endpoints = () => {
  const { params } = useLocation();
  const { operate } = useMay();
  const byConsumer = params.by === "consumer";
  return (
    <>
      <header className="page-head">
        <h1 className="sr">Endpoints</h1>
        <SegmentedControl
          label="Rows"
          value={byConsumer ? "consumers" : "endpoints"}
          options={SHOWS}
          onChange={(next) => patch({ by: next === "consumers" ? "consumer" : undefined, sort: undefined })}
        />
        {operate && <a href={href("coverage")}>Coverage of the API</a>}
      </header>
      {byConsumer ? <Pairs caption="Endpoints by consumer" /> : <List />}
    </>
  );
};

const List = () => {
  const view = useView();
  const endpoints = useEndpoints(view);
  const rows = endpoints.data?.data;
  const trend = useSeries(view, {
    groupBy: "service,method,endpoint",
    metrics: "requestCount",
    points: SPARKLINE_POINTS,
    enabled: rows !== undefined && rows.length > 0 && rows.length <= 120,
  });
  const sparks = useMemo(() => (trend.data?.complete ? sparklines(trend.data, idOf) : null), [trend.data]);
  const services = new Set(rows?.map((row) => row.service)).size;

  const units = useMemo(() => unitsOf(rows ?? []), [rows]);
  const [unit, setUnit] = useState("");
  const chosen = units.find((each) => unitId(each) === unit) ?? units[0];

  const columns = useMemo(
    (): Column<EndpointRow>[] => [
      {
        id: "endpoint",
        head: "Endpoint",
        by: (row) => row.endpoint,
        plain: (row) => `${row.method} ${row.endpoint}`,
        cell: (row) => (
          <span className="with-chip">
            <a href={row.endpoint === "<unmatched>" ? href("unmatched") : href("endpoint", endpointOf(row))}>
              <Route method={row.method} endpoint={row.endpoint} />
            </a>
            <AddChip filter={endpointOf(row)} name={`${row.method} ${row.endpoint}`} />
          </span>
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
        cell: (row) => <a href={requestsHref(endpointOf(row))}>{number.count(row.requestCount)}</a>,
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
          <a href={groupsHref(endpointOf(row))}>
            <Rate
              value={row.endpoint === "<unmatched>" ? null : row.errorRate}
              text={number.percent(row.errorRate)}
            />
          </a>
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
      ...(chosen
        ? [
            {
              id: "unit",
              head: chosen.isGauge ? `${chosen.name} (mean)` : chosen.name,
              number: true,
              by: (row: EndpointRow) => amountOf(row, chosen),
              cell: (row: EndpointRow) => {
                const value = amountOf(row, chosen);
                return chosen.isGauge ? number.decimal(value) : number.count(value);
              },
            },
          ]
        : []),
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
    [sparks, services, chosen],
  );

  return (
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
      file="endpoints"
      tools={
        chosen &&
        units.length > 1 && (
          <Select label="Unit" value={unitId(chosen)} options={units.map(optionOf)} onChange={setUnit} />
        )
      }
    />
  );
};

export default Endpoints;

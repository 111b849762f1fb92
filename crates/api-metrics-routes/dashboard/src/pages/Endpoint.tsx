// One route: the same charts, its status codes.
import { useMemo } from "react";
import { type Filter, exportUrl, useEndpoints, useKeys, useSummary } from "../api/queries";
import { href, useLocation } from "../app/location";
import { useView } from "../app/view";
import { FourCharts } from "../charts/FourCharts";
import * as number from "../format/number";
import { Export } from "../ui/Export";
import { Figures } from "../ui/Figures";
import { Route } from "../ui/Label";
import { KeyList } from "../ui/Lists";
import { StatusCodes } from "../ui/StatusCodes";
import { Failure } from "../ui/states";

const Endpoint = () => {
  const view = useView();
  const { params } = useLocation();
  const { method = "", endpoint = "" } = params;
  const filter: Filter = useMemo(() => ({ method, endpoint }), [method, endpoint]);
  const summary = useSummary(view, filter);
  const row = useEndpoints(view, filter).data?.data;
  const keys = useKeys(view, filter, 1).data?.data;
  const codes = useMemo(() => {
    const sums: Record<string, number> = {};
    for (const each of row ?? []) for (const [code, n] of Object.entries(each.statusCodes)) sums[code] = (sums[code] ?? 0) + n;
    return sums;
  }, [row]);
  const now = summary.data;
  return (
    <>
      <header className="page-head">
        <a href={href("endpoints", { service: undefined })} className="back">Endpoints</a>
        <h1><Route method={method} endpoint={endpoint} /></h1>
        {view.service && <span className="muted">{view.service}</span>}
        <Export url={(format) => exportUrl(view, format, filter)} />
      </header>
      {summary.error && !now && <Failure error={summary.error} retry={() => void summary.refetch()} />}
      <Figures label="Totals" values={[
        ["Requests", now ? number.count(now.totalRequests) : null],
        ["Error rate", now ? number.percent(now.errorRate) : null],
        ["4xx", now ? number.count(now.errorCount4xx) : null],
        ["5xx", now ? number.count(now.errorCount5xx) : null],
        ["Aborted", now ? number.count(now.abortedCount) : null],
        ["Average", now ? number.ms(now.averageMs) : null],
        ["p50", now ? number.ms(now.p50Ms) : null],
        ["p95", now ? number.ms(now.p95Ms) : null],
        ["p99", now ? number.ms(now.p99Ms) : null],
        ["Max", now ? number.ms(now.maxMs) : null],
        ["Received", now ? number.bytes(now.totalRequestBytes) : null],
        ["Sent", now ? number.bytes(now.totalResponseBytes) : null],
        ["Keys", now ? number.count(now.distinctKeys) : null],
      ]} />
      <FourCharts filter={filter} />
      <div className="halves">
        <StatusCodes codes={codes} />
        <KeyList title="Top consumers" rows={keys} />
      </div>
    </>
  );
};

export default Endpoint;

// The overview: alerts, key figures, traffic charts and the endpoints that matter most.
import { useMemo } from "react";
import { AlertBanner } from "../alerts/AlertBanner";
import { exportUrl, useEndpoints, usePreviousSummary, useSeries, useSummary } from "../api/queries";
import type { Summary } from "../api/types";
import { indexOf, slotsOf } from "../charts/periods";
import { type Change, points, relative } from "../format/change";
import * as number from "../format/number";
import { iso, moment } from "../format/time";
import { withoutUnmatched } from "../requests/unmatched";
import { FirstSteps } from "../traffic/FirstSteps";
import { isApproximate, scaleOf } from "../traffic/lengths";
import { spark } from "../traffic/models";
import { TrafficCharts, useTimeline } from "../traffic/TrafficCharts";
import { Units } from "../traffic/Units";
import { useCompared } from "../traffic/useCompared";
import { Export } from "../ui/Export";
import { Rate, Route } from "../ui/Route";
import { Failure } from "../ui/states";
import { Tile } from "../ui/Tile";
import { href } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";
import { useView } from "../view/view";

const bytesOf = (summary: Summary | undefined) => summary && summary.totalRequestBytes + summary.totalResponseBytes;

const times = (count: number | undefined, scale: number) => count && Math.round(count * scale);

// Where a service reports histograms with wide bins.
const within = (error: number | null | undefined) => (error == null ? "" : `, within ${number.percent(error * 100)}`);

export const Overview = () => {
  const view = useView();
  const summary = useSummary(view);
  const compared = useCompared();
  const previous = usePreviousSummary(
    view,
    summary.data,
    compared && { from: iso(compared.from), to: iso(compared.to), name: compared.name },
  );
  const before = previous.data;
  const { line } = useTimeline();
  const now = summary.data;
  // The same answer as that of the lists below.
  const endpoints = useEndpoints(view, {}, line !== null).data?.data;
  const rest = useMemo(() => now && endpoints && withoutUnmatched(endpoints, now), [now, endpoints]);
  const comparable = before && before.totalRequests > 0 ? before : undefined;
  const scale = now && comparable ? scaleOf(now, comparable) : 1;
  const [requestsBefore, bytesBefore] = [times(comparable?.totalRequests, scale), times(bytesOf(comparable), scale)];
  const versus = (text: string): string => (comparable ? `vs. ${isApproximate(scale) ? "about " : ""}${text}` : "");
  // Who called in a longer range is more than a share of them.
  const keysBefore = isApproximate(scale) ? undefined : comparable;

  if (summary.error && !now) return <Failure error={summary.error} retry={() => void summary.refetch()} />;
  const nothing = now?.totalRequests === 0;
  // Undefined while the previous period loads, null if it can't be compared.
  const known = (change: Change | null) => (before || previous.error ? change : undefined);
  return (
    <>
      <h1 className="sr">Overview</h1>
      <AlertBanner />
      <div className="tiles" data-stale={summary.isPlaceholderData}>
        <Tile
          label="Requests"
          value={now ? number.compact(now.totalRequests) : null}
          colour="read"
          detail={versus(number.compact(requestsBefore))}
          change={known(relative(now?.totalRequests, requestsBefore, null))}
          spark={line && spark(line, (row) => row.requestCount, true)}
        />
        <Tile
          label="Error rate"
          value={now ? number.percent(now.errorRate) : null}
          colour="s5xx"
          detail={now ? `${number.compact(now.errorCount5xx)} × 5xx, ${number.compact(now.errorCount4xx)} × 4xx` : ""}
          note={
            rest && (
              <a href={href("unmatched")} title={`${number.count(rest.unmatched)} requests matched no route`}>
                {number.percent(rest.errorRate)} without unmatched
              </a>
            )
          }
          change={known(points(now?.errorRate, comparable?.errorRate))}
          spark={line && spark(line, (row) => row.errorRate, false)}
        />
        <Tile
          label="p95 latency"
          value={now ? number.ms(now.p95Ms) : null}
          colour="p95"
          detail={now ? `p50 ${number.ms(now.p50Ms)}, p99 ${number.ms(now.p99Ms)}${within(now.quantileError)}` : ""}
          change={known(relative(now?.p95Ms, comparable?.p95Ms, true))}
          spark={line && spark(line, (row) => row.p95Ms, false)}
        />
        <Tile
          label="Bandwidth"
          value={now ? number.bytes(bytesOf(now)) : null}
          colour="sent"
          detail={versus(number.bytes(bytesBefore))}
          change={known(relative(bytesOf(now), bytesBefore, null))}
          spark={line && spark(line, (row) => (row.requestBytes ?? 0) + (row.responseBytes ?? 0), true)}
        />
        <KeysTile
          now={now}
          before={keysBefore}
          change={known(relative(now?.distinctKeys, keysBefore?.distinctKeys, null))}
        />
      </div>
      {nothing ? (
        <FirstSteps />
      ) : (
        <>
          <TrafficCharts />
          <Units summary={now} />
          <TopEndpoints ready={line !== null} />
        </>
      )}
      <footer className="covers">
        <span className="muted">
          {now ? `${moment(Date.parse(now.from), view.tz)} – ${moment(Date.parse(now.to), view.tz)}` : "\u00a0"}
        </span>
        <Export url={(format) => exportUrl(view, format, { granularity: "auto" })} />
      </footer>
    </>
  );
};

/** Distinct keys can't be added up, so the sparkline is drawn only where counting them per slot is cheap. */
const KeysTile = ({
  now,
  before,
  change,
}: {
  now: Summary | undefined;
  before: Summary | undefined;
  change: Change | null | undefined;
}) => {
  const view = useView();
  const keys = useSeries(view, {
    groupBy: "apiKey",
    metrics: "requestCount",
    points: 60,
    maxPages: 3,
    enabled: view.period !== null && now !== undefined && now.distinctKeys > 0 && now.distinctKeys < 60,
  });
  const values = useMemo(() => {
    if (!keys.data?.complete) return null;
    const slots = slotsOf(keys.data.axis);
    const sums = slots.starts.map(() => 0);
    for (const row of keys.data.data) {
      const index = row.periodStart ? indexOf(slots, Date.parse(row.periodStart)) : -1;
      if (index >= 0 && row.apiKeyId !== 0) sums[index] = (sums[index] ?? 0) + 1;
    }
    return sums;
  }, [keys.data]);
  return (
    <Tile
      label="Active keys"
      value={now ? number.count(now.distinctKeys) : null}
      colour="keys"
      detail={before ? `vs. ${number.count(before.distinctKeys)}` : ""}
      change={change}
      spark={values}
    />
  );
};

/** Rows of each list. */
const LIST_ROWS = 6;

/** Its query has the page's longest answer and fills its lowest part, so it starts after those of the charts. */
const TopEndpoints = ({ ready }: { ready: boolean }) => {
  const view = useView();
  const endpoints = useEndpoints(view, {}, ready);
  const rows = endpoints.data?.data;
  const top = useMemo(() => (rows ?? []).slice(0, LIST_ROWS), [rows]);
  const failing = useMemo(
    () =>
      [...(rows ?? [])]
        .filter((row) => (row.errorRate ?? 0) > 0 && row.endpoint !== "<unmatched>" && row.requestCount >= 20)
        .sort((a, b) => errorsOf(b) - errorsOf(a))
        .slice(0, LIST_ROWS),
    [rows],
  );
  const slowest = useMemo(
    () =>
      [...(rows ?? [])]
        .filter((row) => row.p95Ms !== null && row.requestCount >= 20)
        .sort((a, b) => (b.p95Ms ?? 0) - (a.p95Ms ?? 0))
        .slice(0, LIST_ROWS),
    [rows],
  );
  return (
    <div className="tops">
      <Top
        title="Top endpoints"
        rows={rows && top}
        value={(row) => number.compact(row.requestCount)}
        link={(row) => requestsHref(endpointOf(row))}
      />
      <Top
        title="Slowest endpoints (p95)"
        rows={rows && slowest}
        value={(row) => number.ms(row.p95Ms)}
        link={(row) => requestsHref({ ...endpointOf(row), min: String(Math.floor(row.p95Ms ?? 0)) })}
      />
      <Top
        title="Highest server error rate"
        rows={rows && failing}
        value={(row) => <Rate value={errorsOf(row)} text={number.percent(errorsOf(row))} />}
        link={(row) => groupsHref({ ...endpointOf(row), status: "5xx" })}
      />
    </div>
  );
};

type Row = NonNullable<ReturnType<typeof useEndpoints>["data"]>["data"][number];

const endpointOf = ({ service, method, endpoint }: Row) => ({ service, method, endpoint });

const errorsOf = (row: Row): number => {
  let sum = 0;
  for (const [code, n] of Object.entries(row.statusCodes)) if (code >= "500") sum += n;
  return row.requestCount > 0 ? (100 * sum) / row.requestCount : 0;
};

const Top = ({
  title,
  rows,
  value,
  link,
}: {
  title: string;
  rows: Row[] | undefined;
  value: (row: Row) => React.ReactNode;
  /** The requests that a value stands for. */
  link: (row: Row) => string;
}) => (
  <section className="card top-list" aria-label={title}>
    <header className="card-head">
      <h2>{title}</h2>
    </header>
    <ol>
      {!rows &&
        Array.from({ length: LIST_ROWS }, (_, n) => (
          <li key={n} aria-hidden="true">
            <span className="skeleton line" />
          </li>
        ))}
      {rows?.map((row) => (
        <li key={`${row.service} ${row.method} ${row.endpoint}`}>
          <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
            <Route method={row.method} endpoint={row.endpoint} />
          </a>
          <a className="num" href={link(row)}>
            {value(row)}
          </a>
        </li>
      ))}
      {rows?.length === 0 && <li className="muted">None.</li>}
    </ol>
  </section>
);

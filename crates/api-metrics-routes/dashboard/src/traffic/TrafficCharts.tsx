// Requests, latency, errors and bandwidth of the traffic that the view and a filter select.
import { useEffect, useMemo } from "react";
import { type Filter, useSeries, useStatus } from "../api/queries";
import { endOf } from "../charts/periods";
import { TimeChart } from "../charts/TimeChart";
import { alertHref } from "../view/alert";
import { between, groupsHref, named, requestsHref } from "../view/requests";
import { useView } from "../view/view";
import type { Scope } from "./alertScope";
import { withGhost } from "./ghost";
import { bandwidth, errors, latency, volume } from "./models";
import { timeline } from "./timeline";
import { useAlertOverlay } from "./useAlertOverlay";
import { useGhost } from "./useCompared";

/** A constant, so that hooks see the same object on every render. */
const NO_FILTER: Filter = {};

/** The metrics that charts and tiles need. Selecting them keeps answers short. */
const METRICS =
  "requestCount,errorCount4xx,errorCount5xx,errorRate,statusCodes,p50Ms,p95Ms,p99Ms,requestBytes,responseBytes";

/** The timeline of a view. Charts and tiles share its query. */
export const useTimeline = (filter: Filter = NO_FILTER) => {
  const view = useView();
  const series = useSeries(view, { filter, metrics: METRICS });
  const status = useStatus(view);
  const line = useMemo(
    () => (series.data ? timeline(series.data, status.data, view.service, view.environment) : null),
    [series.data, status.data, view.service, view.environment],
  );
  return { line, error: series.error, stale: series.isPlaceholderData };
};

interface Props {
  filter?: Filter;
}

export const TrafficCharts = ({ filter = NO_FILTER }: Props) => {
  const view = useView();
  const { line, error, stale } = useTimeline(filter);
  const watched: Scope = {
    service: view.service,
    environment: view.environment,
    method: filter.method ?? view.filters.method ?? null,
    endpoint: filter.endpoint ?? view.filters.endpoint ?? null,
    key: filter.apiKeyId ?? view.filters.apiKeyId ?? null,
  };
  const { thresholds, marks: alerts } = useAlertOverlay(watched);
  // Loads the chart library while the data is loading.
  useEffect(() => {
    void import("../charts/Plot");
    void import("../charts/engine");
  }, []);
  const methods = useSeries(view, { filter, groupBy: "method", metrics: "requestCount" });
  const ghost = useGhost(filter);
  const models = useMemo(
    () =>
      line && {
        latency: withGhost(latency(line, thresholds), ghost, "p95", (row) => row.p95Ms, false),
        errors: withGhost(
          errors(line, alerts),
          ghost,
          "Errors",
          (row) => (row.errorCount4xx ?? 0) + (row.errorCount5xx ?? 0),
          true,
        ),
        bandwidth: withGhost(
          bandwidth(line),
          ghost,
          "Bandwidth",
          (row) => (row.requestBytes ?? 0) + (row.responseBytes ?? 0),
          true,
        ),
      },
    [line, thresholds, alerts, ghost],
  );
  const requests = useMemo(
    () =>
      line && methods.data
        ? withGhost(volume(line, methods.data.data), ghost, "Requests", (row) => row.requestCount, true)
        : null,
    [line, methods.data, ghost],
  );
  const empty = line?.empty ?? false;
  const slotOf = (index: number) => ({
    ...named(filter),
    ...(line ? between(line.slots.starts[index] ?? 0, endOf(line.slots, index)) : {}),
  });
  const alertOn = (metric: Parameters<typeof alertHref>[0]["metric"]) =>
    alertHref({ metric, method: watched.method, endpoint: watched.endpoint, key: watched.key });
  const requestsOf = (index: number) => requestsHref(slotOf(index));
  const errorsOf = (index: number) => groupsHref(slotOf(index));
  // Those above its p95: what makes a slot slow.
  const slowOf = (index: number) => {
    const p95 = Math.floor(line?.rows[index]?.p95Ms ?? 0);
    return requestsHref({ ...slotOf(index), ...(p95 > 0 ? { min: String(p95) } : {}) });
  };
  return (
    <div className="charts">
      <TimeChart
        name="volume"
        alert={alertOn("request_volume")}
        title="Requests"
        model={requests}
        error={methods.error ?? error}
        empty={empty}
        stale={stale}
        link={requestsOf}
      />
      <TimeChart
        name="latency"
        alert={alertOn("response_time")}
        title="Latency"
        model={models?.latency ?? null}
        error={error}
        empty={empty}
        stale={stale}
        link={slowOf}
      />
      <TimeChart
        name="errors"
        alert={alertOn("error_rate")}
        title="Errors"
        model={models?.errors ?? null}
        error={error}
        empty={empty}
        stale={stale}
        link={errorsOf}
      />
      <TimeChart
        name="bandwidth"
        alert={alertOn("bandwidth")}
        title="Bandwidth"
        model={models?.bandwidth ?? null}
        error={error}
        empty={empty}
        stale={stale}
        link={requestsOf}
      />
    </div>
  );
};

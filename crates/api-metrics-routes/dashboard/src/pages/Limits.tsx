// Each consumer's usage of its per-minute rate limit, now and over time.
import { useEffect, useMemo, useRef } from "react";
import { useRateLimits, useUtilization } from "../api/control";
import type { RateLimit } from "../api/types";
import { TimeChart } from "../charts/TimeChart";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { advice } from "../limits/advice";
import { utilization } from "../limits/utilization";
import { Deferred } from "../ui/Deferred";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { UsageBar } from "../ui/UsageBar";
import { href, patch, useLocation } from "../view/location";
import { requestsHref } from "../view/requests";
import { useView } from "../view/view";

const NO_LIMITS =
  "No rate limits yet. Set `rateLimitPerMinute` with PATCH api-keys/{id}, or sync limits with a KeyDirectory.";

const paceOf = (row: RateLimit): number => (row.limit > 0 ? (100 * row.requestsPerMinute) / row.limit : 100);

const RateLimits = () => {
  const view = useView();
  const { params } = useLocation();
  const limits = useRateLimits(view);
  const rows = limits.data?.data;
  const near = rows?.filter((row) => row.near || row.hitsInSeconds != null) ?? [];

  const columns = useMemo(
    (): Column<RateLimit>[] => [
      {
        id: "key",
        head: "Consumer",
        by: consumerName,
        cell: (row) => (
          <button
            type="button"
            className="link"
            aria-pressed={String(row.apiKeyId) === params.key}
            onClick={() => patch({ key: String(row.apiKeyId) })}
          >
            {consumerName(row)}
          </button>
        ),
      },
      {
        // The last 60 seconds instead of the clock's minute, whose usage starts at zero.
        id: "utilization",
        head: "Last 60 s",
        by: paceOf,
        number: true,
        title: "Requests per minute over the last 60 seconds, as a percentage of the limit",
        cell: (row) => (
          <UsageBar
            percent={paceOf(row)}
            label={`${row.text}, ${number.percent(paceOf(row))} of it over the last 60 s`}
            wide
          />
        ),
      },
      {
        id: "pace",
        head: "Req/min",
        number: true,
        wide: 1,
        by: (row) => row.requestsPerMinute,
        cell: (row) => (
          // Limits are now, whatever range the view has.
          <a
            href={requestsHref({
              period: "1h",
              from: undefined,
              to: undefined,
              key: String(row.apiKeyId),
            })}
          >
            {number.count(row.requestsPerMinute)}
          </a>
        ),
      },
      {
        id: "used",
        head: "This minute",
        number: true,
        by: (row) => row.used,
        cell: (row) => `${number.count(row.used)} / ${number.count(row.limit)}`,
      },
      {
        id: "before",
        head: "Previous minute",
        number: true,
        wide: 2,
        by: (row) => row.previous,
        cell: (row) => number.count(row.previous),
      },
      { id: "advice", head: "Recommendation", wide: 1, cell: (row) => <span className="advice">{advice(row)}</span> },
    ],
    [params.key],
  );

  return (
    <>
      <h1 className="sr">Rate limits</h1>
      <Table
        caption="Rate limits"
        columns={columns}
        rows={rows}
        idOf={(row) => String(row.apiKeyId)}
        text={(row) => `${consumerName(row)} ${row.externalId} ${row.tenantId ?? ""}`}
        error={limits.error}
        retry={() => void limits.refetch()}
        start={{ id: "utilization", down: true }}
        empty={NO_LIMITS}
        lead={near.length > 0 && <Near rows={near} />}
        file="rate-limits"
      />
      {params.key !== undefined && (
        <Deferred ready={limits.data !== undefined || limits.error !== null}>
          <History id={params.key} name={rows?.find((row) => String(row.apiKeyId) === params.key)} />
        </Deferred>
      )}
    </>
  );
};

const Near = ({ rows }: { rows: readonly RateLimit[] }) => (
  <section className="near" aria-label="Near the limit">
    <ul>
      {rows.map((row) => (
        <li key={row.apiKeyId}>
          <span className="badge" data-level={row.hitsInSeconds === 0 ? "bad" : "some"}>
            {row.hitsInSeconds === 0 ? "Reached" : "Near"}
          </span>{" "}
          {row.text}
          {row.forecast ? `: ${row.forecast}` : ""}
        </li>
      ))}
    </ul>
  </section>
);

const History = ({ id, name }: { id: string; name: RateLimit | undefined }) => {
  const view = useView();
  const history = useUtilization(view, id);
  const known = name ?? history.data;
  const place = useRef<HTMLDivElement>(null);
  const model = useMemo(() => (history.data ? utilization(history.data) : null), [history.data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another consumer scrolls to its chart
  useEffect(() => {
    void place.current?.scrollIntoView({ block: "nearest" });
  }, [id]);
  return (
    <div ref={place} className="tall">
      {history.error && !history.data ? (
        <Failure error={history.error} retry={() => void history.refetch()} />
      ) : (
        <TimeChart
          name="utilization"
          title={`Utilization of ${known ? consumerName(known) : `Key ${id}`}`}
          model={model}
          empty={history.data?.data.length === 0}
          stale={history.isPlaceholderData}
          nothing="No utilization data in this range. Recording starts when a limit is set."
          extra={
            <>
              <a href={href("consumer", { key: id })}>View consumer</a>
              <button type="button" className="ghost" onClick={() => patch({ key: undefined })}>
                Close
              </button>
            </>
          }
        />
      )}
    </div>
  );
};

export default RateLimits;

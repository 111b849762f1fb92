// Limits and quotas of consumers: who hits theirs first, now and by the hours of past weeks.
import { useEffect, useMemo, useRef, useState } from "react";
import { useUtilization } from "../api/control";
import { useHeadroom, useKeyWrites } from "../api/limits";
import { useMay } from "../api/session";
import type { ApiKeyPatch, Headroom } from "../api/types";
import { TimeChart } from "../charts/TimeChart";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { clock, moment } from "../format/time";
import { EditBounds } from "../limits/EditBounds";
import { utilization } from "../limits/utilization";
import { basis, hits, over, usedUp, when } from "../limits/words";
import { Changed } from "../ui/Changed";
import { Deferred } from "../ui/Deferred";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { UsageBar } from "../ui/UsageBar";
import { href, patch, useLocation } from "../view/location";
import { requestsHref } from "../view/requests";
import { useView } from "../view/view";

/** How many of those that hit a bound first are named above the table. */
const NAMED = 5;

/** What the last 60 seconds make of the limit: the clock's minute starts at zero. */
const paceOf = (row: Headroom): number | null =>
  row.rate ? (row.rate.limit > 0 ? (100 * row.rate.requestsPerMinute) / row.rate.limit : 100) : null;

const Limits = () => {
  const view = useView();
  const { params } = useLocation();
  const { write } = useMay();
  const limits = useHeadroom(view);
  const rows = limits.data?.data;
  const asOf = limits.data?.asOf ?? "";
  const [editing, setEditing] = useState<number | null>(null);
  const [changed, setChanged] = useState<{ id: number; name: string; undo: ApiKeyPatch | null } | null>(null);
  const { change } = useKeyWrites();

  const columns = useMemo(
    (): Column<Headroom>[] => [
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
        id: "hits",
        head: "Hits first",
        title: "When it reaches its limit or uses up its quota",
        by: (row) => row.hitsAt ?? null,
        cell: (row) =>
          row.hitsAt == null ? (
            number.NONE
          ) : (
            <span className="badge" data-level={Date.parse(row.hitsAt) <= Date.parse(asOf) ? "bad" : "some"}>
              {when(row.hitsAt, asOf, view.tz)}
            </span>
          ),
      },
      {
        id: "pace",
        head: "Last 60 s",
        by: paceOf,
        number: true,
        title: "Requests per minute over the last 60 seconds, as a percentage of the limit",
        cell: (row) => {
          const pace = paceOf(row);
          return row.rate && pace !== null ? (
            <UsageBar
              percent={pace}
              label={
                `${consumerName(row)} is at ${number.count(row.rate.used)} of ${number.count(row.rate.limit)} ` +
                `requests this minute, ${number.percent(pace)} of the limit over the last 60 s`
              }
            />
          ) : (
            number.NONE
          );
        },
      },
      {
        id: "used",
        head: "This minute",
        number: true,
        wide: 1,
        by: (row) => row.rate?.used ?? null,
        cell: (row) =>
          row.rate ? (
            // Limits are now, whatever range the view has.
            <a href={requestsHref({ period: "1h", from: undefined, to: undefined, key: String(row.apiKeyId) })}>
              {number.count(row.rate.used)} / {number.count(row.rate.limit)}
            </a>
          ) : (
            number.NONE
          ),
      },
      {
        id: "busiest",
        head: "Peak minute",
        number: true,
        title: "The busiest minute of the last 24 hours",
        by: (row) => row.rate?.busiest?.requests ?? null,
        cell: (row) =>
          row.rate?.busiest ? (
            <span className="rule">
              <span className={row.rate.busiest.requests >= row.rate.limit ? "over" : ""}>
                {number.count(row.rate.busiest.requests)}
              </span>
              <span className="muted">at {clock(Date.parse(row.rate.busiest.at), view.tz)}</span>
            </span>
          ) : (
            number.NONE
          ),
      },
      {
        id: "over",
        head: "Over it",
        number: true,
        wide: 2,
        title: "Requests above the limit in the minutes of the last 24 hours",
        by: (row) => row.rate?.overRequests ?? null,
        cell: (row) =>
          row.rate && row.rate.overMinutes > 0 ? (
            <span title={over(row.rate.overRequests, row.rate.overMinutes)}>
              {number.count(row.rate.overRequests)} in {number.count(row.rate.overMinutes)} min
            </span>
          ) : (
            number.NONE
          ),
      },
      {
        id: "refused",
        head: "429s",
        number: true,
        wide: 1,
        title: "Requests of the last 24 hours that were answered with 429",
        by: (row) => row.refused,
        cell: (row) =>
          row.refused === 0 ? (
            "0"
          ) : (
            <a
              href={requestsHref({
                period: "24h",
                from: undefined,
                to: undefined,
                key: String(row.apiKeyId),
                status: "429",
              })}
            >
              {number.count(row.refused)}
            </a>
          ),
      },
      {
        id: "quota",
        head: "Quota used",
        number: true,
        by: (row) => row.quota?.usagePercentage ?? null,
        cell: (row) => {
          if (!row.quota) return number.NONE;
          const { used, limit, unit, usagePercentage } = row.quota;
          const text = `${number.count(used)} of ${number.count(limit)} ${unit ?? "requests"} used`;
          return (
            <span title={text}>
              <UsageBar percent={usagePercentage} label={text} />
            </span>
          );
        },
      },
      {
        id: "exhausted",
        head: "Used up",
        number: true,
        wide: 1,
        by: (row) => row.quota?.forecast.at ?? null,
        cell: (row) =>
          row.quota ? (
            <span className="rule" title={basis(row.quota.forecast)}>
              <span>{usedUp(row.quota, asOf, view.tz)}</span>
              <span className="muted">resets {moment(Date.parse(row.quota.resetDate), view.tz)}</span>
            </span>
          ) : (
            number.NONE
          ),
      },
      ...(write
        ? [
            {
              id: "edit",
              head: "",
              cell: (row: Headroom) => (
                <button
                  type="button"
                  className="ghost"
                  aria-label={`Edit bounds of ${consumerName(row)}`}
                  aria-expanded={editing === row.apiKeyId}
                  onClick={() => setEditing(editing === row.apiKeyId ? null : row.apiKeyId)}
                >
                  Edit
                </button>
              ),
            },
          ]
        : []),
    ],
    [params.key, asOf, view.tz, write, editing],
  );

  const named = (rows ?? []).flatMap((row) => {
    const text = hits(row, asOf, view.tz);
    return text === null ? [] : [{ row, text }];
  });
  const { defaultRateLimit, defaultQuota } = limits.data ?? {};
  return (
    <>
      <h1 className="sr">Limits</h1>
      <Table
        caption="Limits and quotas"
        columns={columns}
        rows={rows}
        idOf={(row) => String(row.apiKeyId)}
        text={(row) => `${consumerName(row)} ${row.externalId} ${row.tenantId ?? ""}`}
        error={limits.error}
        retry={() => void limits.refetch()}
        start={{ id: "hits", down: false }}
        empty={
          <>
            No limits or quotas yet. <a href={href("keys")}>Set them for an API key</a>, or sync them with a
            KeyDirectory.
          </>
        }
        lead={
          <>
            {changed && (
              <Changed
                text={changed.undo ? `${changed.name} is changed.` : `${changed.name} is as it was before.`}
                undo={
                  changed.undo &&
                  (() =>
                    change.mutate(
                      { id: changed.id, change: changed.undo ?? {} },
                      { onSuccess: () => setChanged({ ...changed, undo: null }) },
                    ))
                }
                pending={change.isPending}
                error={change.error}
              />
            )}
            {rows?.length !== 0 && <Named rows={rows && named.slice(0, NAMED)} asOf={asOf} tz={view.tz} />}
          </>
        }
        below={(row) =>
          editing === row.apiKeyId ? (
            <EditBounds
              key={row.apiKeyId}
              row={row}
              saved={(name, undo) => {
                change.reset();
                setEditing(null);
                setChanged({ id: row.apiKeyId, name, undo });
              }}
              close={() => setEditing(null)}
            />
          ) : null
        }
        tools={<a href={href("keys")}>API keys</a>}
        file="limits"
      />
      {(defaultRateLimit != null || defaultQuota != null) && (
        <p className="muted card-note">
          Keys without their own have{" "}
          {defaultRateLimit == null ? "no limit" : `${number.count(defaultRateLimit)} a minute`} and{" "}
          {defaultQuota == null ? "no quota" : `${number.count(defaultQuota)} requests a month`}.
        </p>
      )}
      {params.key !== undefined && (
        <Deferred ready={limits.data !== undefined || limits.error !== null}>
          <History id={params.key} name={rows?.find((row) => String(row.apiKeyId) === params.key)} />
        </Deferred>
      )}
    </>
  );
};

const Named = ({
  rows,
  asOf,
  tz,
}: {
  /** Undefined while they are awaited: its height is the same then, so that the table stays in its place. */
  rows: readonly { row: Headroom; text: string }[] | undefined;
  asOf: string;
  tz: string;
}) => (
  <section className="near" aria-label="Who hits a bound first" data-some={(rows?.length ?? 0) > 0} tabIndex={0}>
    {rows?.length === 0 && <p className="muted">Nobody is near a limit or a quota.</p>}
    <ul>
      {(rows ?? []).map(({ row, text }) => (
        <li key={row.apiKeyId}>
          <span className="badge" data-level={Date.parse(row.hitsAt ?? "") <= Date.parse(asOf) ? "bad" : "some"}>
            {when(row.hitsAt ?? "", asOf, tz)}
          </span>{" "}
          {text}
        </li>
      ))}
    </ul>
  </section>
);

const History = ({ id, name }: { id: string; name: Headroom | undefined }) => {
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

export default Limits;

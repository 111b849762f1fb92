import { type ReactNode, useMemo, useState } from "react";
import { useKeys, useSeries } from "../api/queries";
import type { KeyRow } from "../api/types";
import { SPARKLINE_POINTS, sparklines } from "../charts/sparklines";
import { Owners } from "../consumers/Owners";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { precise } from "../format/time";
import { optionOf } from "../traffic/Units";
import { amountOf, idOf as unitId, unitsOf } from "../traffic/unitsOf";
import { AddChip } from "../ui/AddChip";
import { Bar } from "../ui/Bar";
import { Rate } from "../ui/Route";
import { Select } from "../ui/Select";
import { Sparkline } from "../ui/Sparkline";
import { type Column, Table } from "../ui/Table";
import { UsageBar } from "../ui/UsageBar";
import { href, patch, useLocation } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";
import { useView } from "../view/view";

const idOf = (row: { apiKeyId?: number | null }): string => String(row.apiKeyId ?? "new");

const GROUPS = [
  ["", "Consumer"],
  ["user", "User"],
  ["team", "Team"],
] as const;

const GroupBy = ({ value }: { value: string }) => (
  <Select
    label="By"
    value={value}
    options={GROUPS}
    onChange={(by) => patch({ by: by || undefined, sort: undefined })}
  />
);

const Consumers = () => {
  const by = useLocation().params.by ?? "";
  return (
    <>
      <h1 className="sr">Consumers</h1>
      {by === "user" || by === "team" ? (
        <Owners kind={by} tools={<GroupBy value={by} />} />
      ) : (
        <ConsumerTable tools={<GroupBy value="" />} />
      )}
    </>
  );
};

const ConsumerTable = ({ tools }: { tools: ReactNode }) => {
  const view = useView();
  const keys = useKeys(view);
  const rows = keys.data?.data;
  const trend = useSeries(view, {
    groupBy: "apiKey",
    metrics: "requestCount",
    points: SPARKLINE_POINTS,
    enabled: rows !== undefined && rows.length > 0 && rows.length <= 120,
  });
  const sparks = useMemo(() => (trend.data?.complete ? sparklines(trend.data, idOf) : null), [trend.data]);
  const total = useMemo(() => (rows ?? []).reduce((sum, row) => sum + row.requestCount, 0), [rows]);
  const tenants = rows?.some((row) => row.tenantId !== null) ?? false;

  const limited = rows?.some((row) => row.rateLimitPerMinute != null) ?? false;

  const units = useMemo(() => unitsOf(rows ?? []), [rows]);
  const [unit, setUnit] = useState("");
  const chosen = units.find((each) => unitId(each) === unit) ?? units[0];

  const columns = useMemo(
    (): Column<KeyRow>[] => [
      {
        id: "key",
        head: "Consumer",
        by: consumerName,
        cell: (row) =>
          row.apiKeyId == null ? (
            consumerName(row)
          ) : (
            <>
              <a href={href("consumer", { key: String(row.apiKeyId) })} className={row.apiKeyId === 0 ? "muted" : ""}>
                {consumerName(row)}
              </a>
              <AddChip filter={{ key: String(row.apiKeyId) }} name={consumerName(row)} />
            </>
          ),
      },
      ...(tenants
        ? [
            {
              id: "tenant",
              head: "Tenant",
              by: (row: KeyRow) => row.tenantId ?? null,
              cell: (row: KeyRow) =>
                row.tenantId ? (
                  <>
                    {row.tenantId}
                    <AddChip filter={{ tenant: row.tenantId }} name={row.tenantId} />
                  </>
                ) : (
                  number.NONE
                ),
              wide: 2 as const,
            },
          ]
        : []),
      {
        id: "requests",
        head: "Requests",
        number: true,
        by: (row) => row.requestCount,
        cell: (row) =>
          row.apiKeyId == null ? (
            number.count(row.requestCount)
          ) : (
            <a href={requestsHref({ key: String(row.apiKeyId) })}>{number.count(row.requestCount)}</a>
          ),
      },
      {
        id: "share",
        head: "Share",
        by: (row) => row.requestCount,
        plain: (row) => number.percent((100 * row.requestCount) / Math.max(1, total)),
        number: true,
        wide: 1,
        cell: (row) => (
          <span className="share">
            <Bar
              kind="share"
              value={row.requestCount}
              max={total}
              label={`${number.percent((100 * row.requestCount) / Math.max(1, total))} of all requests`}
            />
            <span>{number.percent((100 * row.requestCount) / Math.max(1, total))}</span>
          </span>
        ),
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
        cell: (row) => {
          const rate = <Rate value={row.errorRate} text={number.percent(row.errorRate)} />;
          return row.apiKeyId == null ? rate : <a href={groupsHref({ key: String(row.apiKeyId) })}>{rate}</a>;
        },
      },
      ...(limited
        ? [
            {
              id: "utilization",
              head: "Peak usage",
              number: true,
              wide: 1 as const,
              title: "Of its limit per minute, in the busiest minute of this range",
              by: (row: KeyRow) => row.peakUtilization ?? null,
              cell: (row: KeyRow) =>
                row.peakUtilization == null ? (
                  number.NONE
                ) : (
                  <UsageBar
                    percent={row.peakUtilization}
                    label={`${number.percent(row.peakUtilization)} of the limit at its busiest minute`}
                  />
                ),
            },
          ]
        : []),
      {
        id: "avg",
        head: "Avg",
        number: true,
        by: (row) => row.averageMs,
        cell: (row) => number.ms(row.averageMs),
        wide: 3,
      },
      { id: "p95", head: "p95", number: true, by: (row) => row.p95Ms, cell: (row) => number.ms(row.p95Ms), wide: 1 },
      ...(chosen
        ? [
            {
              id: "unit",
              head: chosen.isGauge ? `${chosen.name} (mean)` : chosen.name,
              number: true,
              by: (row: KeyRow) => amountOf(row, chosen),
              cell: (row: KeyRow) => {
                const value = amountOf(row, chosen);
                return chosen.isGauge ? number.decimal(value) : number.count(value);
              },
            },
          ]
        : []),
      {
        id: "bandwidth",
        head: "Bandwidth",
        number: true,
        by: (row) => row.bandwidthBytes,
        cell: (row) => number.bytes(row.bandwidthBytes),
      },
      {
        id: "seen",
        head: "Last seen",
        number: true,
        wide: 2,
        by: (row) => row.lastSeenAt ?? null,
        cell: (row) =>
          row.lastSeenAt ? (
            <span
              title={
                row.lastSeenWithinSeconds ? `Within ${number.age(row.lastSeenWithinSeconds)} after this time` : ""
              }
            >
              {precise(Date.parse(row.lastSeenAt), view.tz).replace(/:\d\d$/, "")}
            </span>
          ) : (
            number.NONE
          ),
      },
    ],
    [sparks, total, tenants, limited, chosen, view.tz],
  );

  return (
    <Table
      caption="Consumers"
      columns={columns}
      rows={rows}
      idOf={idOf}
      text={(row) => `${consumerName(row)} ${row.externalId ?? ""} ${row.tenantId ?? ""}`}
      error={keys.error}
      retry={() => void keys.refetch()}
      stale={keys.isPlaceholderData}
      start={{ id: "requests", down: true }}
      empty="No requests in this range."
      file="consumers"
      tools={
        <>
          {tools}
          {chosen && units.length > 1 && (
            <Select label="Unit" value={unitId(chosen)} options={units.map(optionOf)} onChange={setUnit} />
          )}
          <a href={href("keys")}>API keys</a>
        </>
      }
    />
  );
};

export default Consumers;

// Users or teams: the traffic of all keys of each.
import { useMemo } from "react";
import { useSeries } from "../api/queries";
import type { MetricRow } from "../api/types";
import * as number from "../format/number";
import { AddChip } from "../ui/AddChip";
import { Rate } from "../ui/Route";
import { type Column, Table } from "../ui/Table";
import { groupsHref, requestsHref } from "../view/requests";
import { useView } from "../view/view";

type OwnerKind = "user" | "team";

const KINDS = {
  user: { caption: "Users", head: "User", none: "No user", chip: "owner", of: (row: MetricRow) => row.userId },
  team: { caption: "Teams", head: "Team", none: "No team", chip: "team", of: (row: MetricRow) => row.teamId },
} as const;

interface Props {
  kind: OwnerKind;
  tools: React.ReactNode;
}

export const Owners = ({ kind, tools }: Props) => {
  const view = useView();
  const answer = useSeries(view, { groupBy: kind, granularity: "none", maxPages: 5 });
  // Of the other kind while the answer is awaited.
  const rows = answer.isPlaceholderData ? undefined : answer.data?.data;
  const columns = useMemo((): Column<MetricRow>[] => {
    const { head, none, chip, of } = KINDS[kind];
    const filter = (row: MetricRow) => ({ [chip]: of(row) ?? "" });
    const total = Math.max(
      1,
      (rows ?? []).reduce((sum, row) => sum + (row.requestCount ?? 0), 0),
    );
    const share = (row: MetricRow) => number.percent((100 * (row.requestCount ?? 0)) / total);
    return [
      {
        id: "name",
        head,
        by: (row) => of(row) ?? none,
        cell: (row) =>
          of(row) ? (
            <>
              {of(row)}
              <AddChip filter={filter(row)} name={of(row) ?? ""} />
            </>
          ) : (
            <span className="muted">{none}</span>
          ),
      },
      {
        id: "requests",
        head: "Requests",
        number: true,
        by: (row) => row.requestCount ?? 0,
        cell: (row) => {
          const count = number.count(row.requestCount ?? 0);
          return of(row) ? <a href={requestsHref(filter(row))}>{count}</a> : count;
        },
      },
      { id: "share", head: "Share", number: true, wide: 1, by: (row) => row.requestCount ?? 0, cell: share },
      {
        id: "errors",
        head: "Errors",
        number: true,
        by: (row) => row.errorRate ?? null,
        cell: (row) => {
          const rate = <Rate value={row.errorRate ?? null} text={number.percent(row.errorRate ?? null)} />;
          return of(row) ? <a href={groupsHref(filter(row))}>{rate}</a> : rate;
        },
      },
      {
        id: "avg",
        head: "Avg",
        number: true,
        wide: 2,
        by: (row) => row.averageMs ?? null,
        cell: (row) => number.ms(row.averageMs ?? null),
      },
      {
        id: "p95",
        head: "p95",
        number: true,
        by: (row) => row.p95Ms ?? null,
        cell: (row) => number.ms(row.p95Ms ?? null),
      },
      {
        id: "bandwidth",
        head: "Bandwidth",
        number: true,
        wide: 1,
        by: (row) => bandwidth(row),
        cell: (row) => number.bytes(bandwidth(row)),
      },
    ];
  }, [kind, rows]);
  const { caption, of } = KINDS[kind];
  return (
    <Table
      caption={caption}
      columns={columns}
      rows={rows}
      idOf={(row) => of(row) ?? ""}
      text={(row) => of(row) ?? ""}
      error={answer.error}
      retry={() => void answer.refetch()}
      start={{ id: "requests", down: true }}
      empty="No requests in this range."
      file={caption.toLowerCase()}
      tools={tools}
    />
  );
};

const bandwidth = (row: MetricRow): number => (row.requestBytes ?? 0) + (row.responseBytes ?? 0);

// Errors that are one: same endpoint, status, type and message but for numbers and names in it.
import { useMemo } from "react";
import { isMissing, useGroups } from "../api/requests";
import type { RequestGroup } from "../api/types";
import * as number from "../format/number";
import { moment } from "../format/time";
import { Route } from "../ui/Route";
import { Sparkline } from "../ui/Sparkline";
import { type Column, Table } from "../ui/Table";
import { href, useLocation } from "../view/location";
import { useView } from "../view/view";
import { LogOff } from "./LogOff";
import { Level, openRequest, StatusCode } from "./RequestTable";
import { errorText, newIn } from "./words";

export const Groups = () => {
  const view = useView();
  const { params } = useLocation();
  const groups = useGroups(view, params, true);
  const rows = groups.data?.data;
  const from = groups.data?.from ?? "";
  const columns = useMemo(
    (): Column<RequestGroup>[] => [
      {
        id: "group",
        head: "Error",
        by: (row) => row.endpoint,
        plain: (row) => errorText(row) || (row.kind === "event" ? row.source : `Status ${row.status}`),
        cell: (row) => {
          const fresh = newIn(row, from);
          return (
            <span className="rule">
              <a href={href("requests", { ...params, show: undefined, id: undefined, group: row.id })}>
                {errorText(row) || (row.kind === "event" ? row.source : `Status ${row.status}`)}
              </a>
              <span className="group-of">
                {row.kind === "event" ? (
                  <span className="event-source">
                    <span className="badge">Event</span> <span className="path">{row.source}</span>
                  </span>
                ) : (
                  <Route method={row.method} endpoint={row.endpoint} />
                )}
                {fresh !== null && (
                  <span className="badge" data-level="some">
                    {fresh}
                  </span>
                )}
              </span>
            </span>
          );
        },
      },
      {
        id: "status",
        head: "Status",
        wide: 1,
        by: (row) => row.status,
        cell: (row) =>
          row.kind === "event" ? (
            <Level level={row.level} />
          ) : (
            <StatusCode row={{ countedStatus: row.status, outcome: "completed" }} />
          ),
      },
      {
        id: "requests",
        head: "Requests",
        number: true,
        by: (row) => row.requests,
        title: "With those that the kept ones stand for",
        cell: (row) => number.count(row.requests),
      },
      {
        id: "trend",
        head: "Trend",
        wide: 1,
        cell: (row) => <Sparkline values={row.series} colour="s5xx" label="Requests over the range" />,
      },
      {
        id: "consumers",
        head: "Consumers",
        number: true,
        wide: 2,
        by: (row) => row.apiKeys,
        cell: (row) => number.count(row.apiKeys),
      },
      {
        id: "versions",
        head: "Versions",
        wide: 2,
        plain: (row) => row.versions.join(", "),
        cell: (row) => row.versions.join(", ") || number.NONE,
      },
      {
        id: "first",
        head: "First seen",
        number: true,
        wide: 2,
        by: (row) => row.firstSeenAt ?? row.firstAt,
        cell: (row) => <span className="time">{moment(Date.parse(row.firstSeenAt ?? row.firstAt), view.tz)}</span>,
      },
      {
        id: "last",
        head: "Last seen",
        number: true,
        by: (row) => row.lastAt,
        cell: (row) => (
          <button type="button" className="link time" onClick={() => openRequest(row.latest)}>
            {moment(Math.floor(Date.parse(row.lastAt) / 1_000) * 1_000, view.tz)}
          </button>
        ),
      },
    ],
    [from, params, view.tz],
  );
  if (isMissing(groups.error)) return <LogOff />;
  return (
    <Table
      caption="Groups of errors"
      columns={columns}
      rows={rows}
      idOf={(row) => row.id}
      text={(row) =>
        `${row.source ?? ""} ${row.method} ${row.endpoint} ${row.status} ${errorText(row)} ${row.versions.join(" ")}`
      }
      error={groups.error}
      retry={() => void groups.refetch()}
      stale={groups.isPlaceholderData}
      start={{ id: "requests", down: true }}
      empty="No errors in this range."
      file="request-groups"
      exported="Groups"
    />
  );
};

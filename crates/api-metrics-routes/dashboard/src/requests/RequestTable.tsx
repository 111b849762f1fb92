// Rows of the log, the newest first. A row's time opens the request.
import { useMemo } from "react";
import type { LoggedRequest } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { stamp } from "../format/time";
import { Route } from "../ui/Route";
import { type Column, Table, type TableProps } from "../ui/Table";
import { patch } from "../view/location";
import { useView } from "../view/view";
import { ending, errorText } from "./words";

/** The level of an event: in words, so that its colour is not the only sign. */
export const Level = ({ level }: { level: string | null | undefined }) => (
  <span className="log-level" data-log={level ?? "none"}>
    {level ?? number.NONE}
  </span>
);

/** How an entry ended: the status of a request, the level of an event. */
export const Ending = ({ row }: { row: LoggedRequest }) =>
  row.kind === "event" ? <Level level={row.level} /> : <StatusCode row={row} />;

export const StatusCode = ({ row }: { row: Pick<LoggedRequest, "countedStatus" | "outcome"> }) => {
  const [status, outcome] = ending(row);
  return (
    <span className="status-code">
      <span className="code" data-class={status[0]}>
        {status}
      </span>
      {outcome !== null && <span className="badge">{outcome}</span>}
    </span>
  );
};

/** What was asked for, and what went wrong. An event outside of a request has a source and a level instead. */
export const RequestText = ({ row }: { row: LoggedRequest }) => {
  const text = errorText(row);
  return (
    <span className="rule">
      {row.kind === "event" ? (
        <span className="event-source">
          <span className="badge">Event</span> <span className="path">{row.source}</span>
        </span>
      ) : (
        <Route method={row.method} endpoint={row.endpoint} />
      )}
      {text !== "" && <span className="muted error-text">{text}</span>}
    </span>
  );
};

export const openRequest = (id: string): void => patch({ id });

const consumerOf = (row: LoggedRequest): string =>
  row.kind === "event" ? number.NONE : consumerName({ apiKeyId: row.apiKeyId ?? 0, externalId: row.apiKey ?? null });

type Props = Omit<TableProps<LoggedRequest>, "columns" | "idOf" | "start">;

export const RequestTable = (props: Props) => {
  const { tz } = useView();
  const columns = useMemo(
    (): Column<LoggedRequest>[] => [
      {
        id: "at",
        head: "Time",
        cell: (row) => (
          <button type="button" className="link time" data-request={row.id} onClick={() => openRequest(row.id)}>
            {stamp(Date.parse(row.at), tz)}
          </button>
        ),
      },
      { id: "status", head: "Status", cell: (row) => <Ending row={row} /> },
      { id: "request", head: "Request", cell: (row) => <RequestText row={row} /> },
      { id: "latency", head: "Latency", number: true, cell: (row) => number.ms(row.latencyMs) },
      {
        id: "consumer",
        head: "Consumer",
        wide: 1,
        cell: (row) => <span className={row.apiKeyId == null ? "muted" : ""}>{consumerOf(row)}</span>,
      },
      { id: "user", head: "User", wide: 2, cell: (row) => row.user ?? number.NONE },
      { id: "version", head: "Version", wide: 3, cell: (row) => row.version || number.NONE },
      {
        id: "weight",
        head: "Weight",
        number: true,
        wide: 2,
        title: "For how many requests it stands",
        cell: (row) => `× ${number.count(row.weight)}`,
      },
    ],
    [tz],
  );
  return (
    <Table
      {...props}
      columns={columns}
      idOf={(row) => row.id}
      start={{ id: "at", down: true }}
      shown={Number.POSITIVE_INFINITY}
    />
  );
};

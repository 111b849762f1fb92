// Reported items that were refused, with the reason. Each can be tried again, or deleted.
import { useMemo, useState } from "react";
import { useDeadLetters, useIngestTokens, useIngestWrites } from "../api/ingest";
import type { DeadLetter } from "../api/types";
import { precise } from "../format/time";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";

export const DeadLetters = () => {
  const view = useView();
  const [maxPages, setMaxPages] = useState(1);
  const letters = useDeadLetters(view, maxPages);
  const tokens = useIngestTokens(view).data?.data;
  const { retry, discard } = useIngestWrites();
  const busy = retry.isPending || discard.isPending;
  // What a retry was refused for, beside the item that it was.
  const failed = retry.error ? retry.variables : undefined;
  const why = retry.error?.message;
  const columns = useMemo(
    (): Column<DeadLetter>[] => [
      {
        id: "at",
        head: "Time",
        number: true,
        by: (row) => row.id,
        cell: (row) => <span className="time">{precise(Date.parse(row.at), view.tz)}</span>,
      },
      {
        id: "token",
        head: "Token",
        wide: 2,
        by: (row) => row.tokenId,
        cell: (row) => tokens?.find((token) => token.id === row.tokenId)?.name ?? `Token ${row.tokenId}`,
      },
      {
        id: "reason",
        head: "Reason",
        by: (row) => `${row.member ?? ""} ${row.reason}`,
        cell: (row) => (
          <span className="rule">
            <span>
              {row.member != null && <code>{row.member}</code>} {row.reason}
            </span>
            {failed === row.id && (
              <span className="field-error" role="alert">
                Refused again: {why}
              </span>
            )}
          </span>
        ),
      },
      {
        id: "item",
        head: "Item",
        wide: 1,
        cell: (row) => (
          <span className="rule">
            <code className="path">{row.item}</code>
            <span className="muted">{row.isEvent ? "Event" : "Request"}</span>
          </span>
        ),
      },
      {
        id: "actions",
        head: "",
        cell: (row) => (
          <span className="row-tools">
            <button type="button" disabled={busy} onClick={() => retry.mutate(row.id)}>
              Retry
            </button>
            <button type="button" className="ghost" disabled={busy} onClick={() => discard.mutate(row.id)}>
              Delete
            </button>
          </span>
        ),
      },
    ],
    [view.tz, tokens, busy, failed, why, retry.mutate, discard.mutate],
  );
  return (
    <Table
      name="dead."
      caption="Refused items"
      columns={columns}
      rows={letters.data?.data}
      idOf={(row) => String(row.id)}
      text={(row) => `${row.member ?? ""} ${row.reason} ${row.item}`}
      error={letters.error}
      retry={() => void letters.refetch()}
      start={{ id: "at", down: true }}
      empty="Nothing was refused."
      stale={letters.isPlaceholderData}
      shown={25}
      file="refused-items"
      exported="Refused items"
      tools={
        letters.data &&
        !letters.data.complete && (
          <button type="button" onClick={() => setMaxPages(maxPages + 5)}>
            Load older
          </button>
        )
      }
    />
  );
};

// Who has changed or deleted what. For admins; left out where there is no control plane.
import { useMemo, useState } from "react";
import { useAuditTrail } from "../api/control";
import { isMissing } from "../api/requests";
import { useMay } from "../api/session";
import type { AuditEntry } from "../api/types";
import { precise } from "../format/time";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";

export const AuditTrail = () => {
  const view = useView();
  const { operate } = useMay();
  const [maxPages, setMaxPages] = useState(1);
  const trail = useAuditTrail(view, maxPages, operate);
  const columns = useMemo(
    (): Column<AuditEntry>[] => [
      {
        id: "at",
        head: "Time",
        number: true,
        by: (row) => row.id,
        cell: (row) => <span className="time">{precise(Date.parse(row.at), view.tz)}</span>,
      },
      { id: "actor", head: "Who", wide: 1, by: (row) => row.actor, cell: (row) => row.actor },
      {
        id: "action",
        head: "What",
        by: (row) => row.action,
        cell: (row) => (
          <span className="rule">
            <span>{row.action}</span>
            <span className="muted">{row.subject}</span>
          </span>
        ),
      },
    ],
    [view.tz],
  );
  if (!operate || isMissing(trail.error)) return null;
  return (
    <Table
      name="audit."
      caption="Audit trail"
      columns={columns}
      rows={trail.data?.data}
      idOf={(row) => String(row.id)}
      text={(row) => `${row.actor} ${row.action} ${row.subject}`}
      error={trail.error}
      retry={() => void trail.refetch()}
      start={{ id: "at", down: true }}
      empty="Nothing has been changed yet."
      stale={trail.isPlaceholderData}
      shown={25}
      file="audit-trail"
      exported="Audit trail"
      tools={
        trail.data &&
        !trail.data.complete && (
          <button type="button" onClick={() => setMaxPages(maxPages + 5)}>
            Load older
          </button>
        )
      }
    />
  );
};

// The tokens of writers: who may report, for which service, and when they last did.
import { useMemo, useState } from "react";
import { useIngestTokens, useIngestWrites } from "../api/ingest";
import type { IngestToken } from "../api/types";
import { percent } from "../format/number";
import { precise } from "../format/time";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";
import { NewToken } from "./NewToken";

export const Tokens = () => {
  const view = useView();
  const tokens = useIngestTokens(view);
  const { revoke } = useIngestWrites();
  const [making, setMaking] = useState(false);
  const [asked, setAsked] = useState<number | null>(null);
  const columns = useMemo((): Column<IngestToken>[] => {
    const time = (at: string) => <span className="time">{precise(Date.parse(at), view.tz)}</span>;
    return [
      {
        id: "name",
        head: "Name",
        by: (row) => row.name,
        cell: (row) => (
          <span className="rule">
            <span>{row.name}</span>
            <span className="muted">
              {row.service} · {row.environment}
            </span>
            {row.quantileError != null && row.quantileError > 0.01 && (
              <span className="muted">Quantiles within {percent(row.quantileError * 100)}</span>
            )}
          </span>
        ),
      },
      {
        id: "for",
        head: "For",
        wide: 1,
        by: (row) => row.origins.join(" ") || (row.tenantId ?? ""),
        cell: (row) => row.origins.join(", ") || (row.tenantId == null ? "All tenants" : `Tenant ${row.tenantId}`),
      },
      {
        id: "created",
        head: "Created",
        number: true,
        wide: 2,
        by: (row) => row.id,
        cell: (row) => (
          <span className="rule">
            {time(row.createdAt)}
            <span className="muted">{row.createdBy}</span>
          </span>
        ),
      },
      {
        id: "used",
        head: "Last used",
        number: true,
        by: (row) => row.lastUsedAt ?? "",
        cell: (row) => (row.lastUsedAt == null ? "Never" : time(row.lastUsedAt)),
      },
      {
        id: "actions",
        head: "",
        cell: (row) =>
          row.revokedAt != null ? (
            <span className="badge" data-level="none">
              Revoked
            </span>
          ) : asked === row.id ? (
            <span className="row-tools">
              <button
                type="button"
                className="danger"
                disabled={revoke.isPending}
                onClick={() => revoke.mutate(row.id, { onSuccess: () => setAsked(null) })}
              >
                Revoke
              </button>
              <button type="button" className="ghost" onClick={() => setAsked(null)}>
                Cancel
              </button>
            </span>
          ) : (
            <button
              type="button"
              className="ghost"
              aria-label={`Revoke ${row.name}`}
              onClick={() => setAsked(row.id)}
            >
              Revoke
            </button>
          ),
      },
    ];
  }, [view.tz, asked, revoke.isPending, revoke.mutate]);
  return (
    <>
      {making && <NewToken close={() => setMaking(false)} />}
      <Table
        caption="Tokens"
        columns={columns}
        rows={tokens.data?.data}
        idOf={(row) => String(row.id)}
        text={(row) => `${row.name} ${row.service} ${row.environment} ${row.tenantId ?? ""} ${row.origins.join(" ")}`}
        error={tokens.error}
        retry={() => void tokens.refetch()}
        start={{ id: "created", down: true }}
        empty="No tokens yet. Each service that reports has one of its own."
        stale={tokens.isPlaceholderData}
        shown={25}
        tools={
          !making && (
            <button type="button" onClick={() => setMaking(true)}>
              New token
            </button>
          )
        }
      />
    </>
  );
};

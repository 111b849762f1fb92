// Maintenance windows and other silences.
import { useState } from "react";
import { useSilences, useSilenceWrites } from "../api/notices";
import { useMay } from "../api/session";
import type { Alert, Silence } from "../api/types";
import { moment } from "../format/time";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";
import { NewSilence } from "./NewSilence";

const STATES: Readonly<Record<string, { label: string; level: string; rank: number }>> = {
  active: { label: "Active", level: "warn", rank: 0 },
  planned: { label: "Planned", level: "none", rank: 1 },
  over: { label: "Over", level: "none", rank: 2 },
};

const stateOf = (silence: Silence) => STATES[silence.state] ?? { label: silence.state, level: "none", rank: 3 };

/** What a silence is about, in words. */
const scopeOf = (silence: Silence, rules: readonly Alert[] | undefined): string => {
  const rule = rules?.find((each) => each.id === silence.alertId)?.name ?? `rule ${silence.alertId}`;
  const parts = [
    silence.alertId === null ? null : rule,
    silence.service === null ? null : `service ${silence.service}`,
    silence.environment === null ? null : `environment ${silence.environment}`,
    silence.endpoint,
    silence.tenantId === null ? null : `tenant ${silence.tenantId}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "All rules" : parts.join(", ");
};

export const Silences = ({ rules }: { rules: readonly Alert[] | undefined }) => {
  const view = useView();
  const [adding, setAdding] = useState(false);
  const silences = useSilences(view);
  const { end } = useSilenceWrites();
  const { write } = useMay();
  const columns: Column<Silence>[] = [
    {
      id: "state",
      head: "State",
      by: (row) => stateOf(row).rank,
      plain: (row) => stateOf(row).label,
      cell: (row) => (
        <span className="badge" data-level={stateOf(row).level}>
          {stateOf(row).label}
        </span>
      ),
    },
    {
      id: "scope",
      head: "Silent",
      by: (row) => scopeOf(row, rules),
      cell: (row) => (
        <span className="rule">
          {scopeOf(row, rules)}
          <span className="muted">{row.reason ?? ""}</span>
        </span>
      ),
    },
    { id: "from", head: "From", by: (row) => row.from, cell: (row) => moment(Date.parse(row.from), view.tz) },
    { id: "until", head: "Until", by: (row) => row.until, cell: (row) => moment(Date.parse(row.until), view.tz) },
    { id: "by", head: "Created by", wide: 2, by: (row) => row.createdBy, cell: (row) => row.createdBy },
    {
      id: "do",
      head: "",
      number: true,
      cell: (row) =>
        write &&
        row.state !== "over" && (
          <button
            type="button"
            className="ghost"
            aria-label={`End the silence of ${scopeOf(row, rules)}`}
            disabled={end.isPending}
            onClick={() => end.mutate(row.id)}
          >
            End
          </button>
        ),
    },
  ];
  return (
    <>
      {end.error && <Failure error={end.error} />}
      {adding && <NewSilence rules={rules} close={() => setAdding(false)} />}
      <Table
        caption="Silences"
        columns={columns}
        rows={silences.data}
        idOf={(row) => String(row.id)}
        error={silences.error}
        retry={() => void silences.refetch()}
        start={{ id: "state", down: false }}
        empty="Nothing is silent. Plan a silence before maintenance, so that nobody is woken."
        name="silences."
        file="silences"
        exported="Silences"
        tools={
          write && (
            <button type="button" disabled={adding} onClick={() => setAdding(true)}>
              New silence
            </button>
          )
        }
      />
    </>
  );
};

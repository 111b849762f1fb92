// The last runs of one job.
import { useMemo, useState } from "react";
import { useJobRuns } from "../api/jobs";
import type { Job, JobRun } from "../api/types";
import * as number from "../format/number";
import { precise } from "../format/time";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";
import { OUTCOMES } from "./state";

const CAUSES: Readonly<Record<string, string>> = { schedule: "Schedule", manual: "Asked for", code: "Code" };

export const Runs = ({ job, close }: { job: Job; close: () => void }) => {
  const view = useView();
  const [maxPages, setMaxPages] = useState(1);
  const runs = useJobRuns(view, job.id, maxPages);
  const columns = useMemo(
    (): Column<JobRun>[] => [
      {
        id: "started",
        head: "Started",
        number: true,
        by: (row) => row.id,
        cell: (row) => <span className="time">{precise(Date.parse(row.startedAt), view.tz)}</span>,
      },
      { id: "cause", head: "By", wide: 1, by: (row) => row.cause, cell: (row) => CAUSES[row.cause] ?? row.cause },
      {
        id: "outcome",
        head: "Outcome",
        by: (row) => row.outcome ?? "",
        cell: (row) => {
          const [text, level] = OUTCOMES[row.outcome ?? ""] ?? ["Open", "none"];
          return (
            <span className="rule">
              <span className="badge" data-level={level}>
                {text}
              </span>
              {row.error != null && <span className="muted">{row.error}</span>}
            </span>
          );
        },
      },
      {
        id: "attempts",
        head: "Attempts",
        number: true,
        by: (row) => row.attempts,
        cell: (row) => number.count(row.attempts),
      },
      {
        id: "duration",
        head: "Took",
        number: true,
        by: (row) => row.durationMs ?? -1,
        cell: (row) => number.ms(row.durationMs),
      },
    ],
    [view.tz],
  );
  return (
    <Table
      name="runs."
      caption={`Runs of ${job.name}`}
      columns={columns}
      rows={runs.data?.data}
      idOf={(row) => String(row.id)}
      text={(row) => `${row.outcome ?? ""} ${row.error ?? ""} ${row.cause}`}
      error={runs.error}
      retry={() => void runs.refetch()}
      start={{ id: "started", down: true }}
      empty="It has not run yet."
      stale={runs.isPlaceholderData}
      shown={25}
      file="job-runs"
      exported={`Runs of ${job.name}`}
      tools={
        <>
          {runs.data && !runs.data.complete && (
            <button type="button" onClick={() => setMaxPages(maxPages + 5)}>
              Load older
            </button>
          )}
          <button type="button" className="ghost" onClick={close}>
            Close
          </button>
        </>
      }
    />
  );
};

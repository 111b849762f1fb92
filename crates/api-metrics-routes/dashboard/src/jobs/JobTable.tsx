// The jobs of all services that share the database: when each ran last, how it ended, and when it is due.
import { useMemo, useState } from "react";
import { useJobs, useRunJob } from "../api/jobs";
import type { Job } from "../api/types";
import * as number from "../format/number";
import { precise } from "../format/time";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";
import { STATES, stateOf } from "./state";

export const JobTable = ({ show }: { show: (job: Job) => void }) => {
  const view = useView();
  const jobs = useJobs(view);
  const run = useRunJob();
  const [asked, setAsked] = useState<number | null>(null);
  const columns = useMemo((): Column<Job>[] => {
    const time = (at: string) => <span className="time">{precise(Date.parse(at), view.tz)}</span>;
    return [
      {
        id: "name",
        head: "Job",
        by: (row) => row.name,
        cell: (row) => (
          <span className="rule">
            <button type="button" className="ghost" aria-label={`Runs of ${row.name}`} onClick={() => show(row)}>
              {row.name}
            </button>
            <span className="muted">
              {row.service} · {row.environment}
            </span>
          </span>
        ),
      },
      {
        id: "schedule",
        head: "Schedule",
        wide: 1,
        by: (row) => row.schedule ?? "",
        cell: (row) => row.schedule ?? "By code",
      },
      {
        id: "state",
        head: "State",
        by: (row) => stateOf(row),
        cell: (row) => {
          const [text, level] = STATES[stateOf(row)];
          return (
            <span className="badge" data-level={level} title={row.lastRun?.error ?? undefined}>
              {text}
            </span>
          );
        },
      },
      {
        id: "last",
        head: "Last run",
        number: true,
        by: (row) => row.lastRun?.startedAt ?? "",
        cell: (row) => (row.lastRun ? time(row.lastRun.startedAt) : number.NONE),
      },
      {
        id: "duration",
        head: "Took",
        number: true,
        wide: 2,
        by: (row) => row.lastRun?.durationMs ?? -1,
        cell: (row) => number.ms(row.lastRun?.durationMs),
      },
      {
        id: "failures",
        head: "Failed",
        number: true,
        by: (row) => row.failureCount,
        cell: (row) => `${number.count(row.failureCount)} of ${number.count(row.failureCount + row.successCount)}`,
      },
      {
        id: "next",
        head: "Next",
        number: true,
        wide: 1,
        by: (row) => row.retryAt ?? row.nextAt ?? "",
        cell: (row) => {
          const next = row.retryAt ?? row.nextAt;
          return next == null ? number.NONE : time(next);
        },
      },
      {
        id: "actions",
        head: "",
        cell: (row) =>
          row.schedule == null ? null : asked === row.id ? (
            <span className="row-tools">
              <button
                type="button"
                disabled={run.isPending}
                onClick={() => run.mutate(row.id, { onSuccess: () => setAsked(null) })}
              >
                Run
              </button>
              <button type="button" className="ghost" onClick={() => setAsked(null)}>
                Cancel
              </button>
            </span>
          ) : (
            <button
              type="button"
              className="ghost"
              aria-label={`Run now: ${row.name}`}
              onClick={() => setAsked(row.id)}
            >
              Run now
            </button>
          ),
      },
    ];
  }, [view.tz, asked, run.isPending, run.mutate, show]);
  return (
    <Table
      caption="Jobs"
      columns={columns}
      rows={jobs.data?.data}
      idOf={(row) => String(row.id)}
      text={(row) => `${row.name} ${row.service} ${row.environment} ${row.schedule ?? ""}`}
      error={jobs.error}
      retry={() => void jobs.refetch()}
      start={{ id: "name", down: false }}
      empty="No jobs yet. A service records them by metrics.job(name)."
      stale={jobs.isPlaceholderData}
      lead={run.error && <Failure error={run.error} />}
      file="jobs"
      exported="Jobs"
    />
  );
};

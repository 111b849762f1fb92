// The background tasks of the instance that answers.
import { useMemo } from "react";
import { useTasks } from "../api/jobs";
import type { BackgroundTask } from "../api/types";
import * as number from "../format/number";
import { precise } from "../format/time";
import { type Column, Table } from "../ui/Table";
import { useView } from "../view/view";

const levelOf = (task: BackgroundTask): readonly [string, string] =>
  task.lastError != null ? ["Failing", "bad"] : task.running ? ["Running", "good"] : ["Not run here", "none"];

export const Tasks = () => {
  const view = useView();
  const page = useTasks(view);
  const columns = useMemo((): Column<BackgroundTask>[] => {
    const time = (at: string | null | undefined) =>
      at == null ? number.NONE : <span className="time">{precise(Date.parse(at), view.tz)}</span>;
    return [
      { id: "name", head: "Task", by: (row) => row.name, cell: (row) => row.name },
      {
        id: "state",
        head: "State",
        by: (row) => levelOf(row)[0],
        cell: (row) => {
          const [text, level] = levelOf(row);
          return (
            <span className="rule">
              <span className="badge" data-level={level}>
                {text}
              </span>
              {row.lastError != null && <span className="muted">{row.lastError}</span>}
            </span>
          );
        },
      },
      {
        id: "last",
        head: "Last run",
        number: true,
        by: (row) => row.lastSuccessAt ?? "",
        cell: (row) => time(row.lastSuccessAt),
      },
      {
        id: "duration",
        head: "Took",
        number: true,
        by: (row) => row.lastDurationMs ?? -1,
        cell: (row) => number.ms(row.lastDurationMs),
      },
      {
        id: "failures",
        head: "Failed",
        number: true,
        by: (row) => row.failureCount,
        cell: (row) => number.count(row.failureCount),
      },
      {
        id: "next",
        head: "Next",
        number: true,
        wide: 1,
        by: (row) => row.nextAt ?? "",
        cell: (row) => time(row.nextAt),
      },
    ];
  }, [view.tz]);
  const tasks = page.data?.tasks;
  if (page.data && tasks == null) return null;
  return (
    <Table
      name="tasks."
      caption="Background tasks"
      columns={columns}
      rows={tasks ?? undefined}
      idOf={(row) => row.name}
      text={(row) => row.name}
      error={page.error}
      retry={() => void page.refetch()}
      start={{ id: "name", down: false }}
      empty="This instance has none."
      stale={page.isPlaceholderData}
    />
  );
};

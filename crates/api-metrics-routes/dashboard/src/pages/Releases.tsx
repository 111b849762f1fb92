// Releases: each version of a service, held against the one before, and both side by side.
import { isForbidden } from "../api/control";
import { useReleases } from "../api/releases";
import { isMissing } from "../api/requests";
import type { Release } from "../api/types";
import * as number from "../format/number";
import { moment } from "../format/time";
import { change, idOf, RANK, VERDICTS } from "../releases/model";
import { RolloutOf } from "../releases/Rollout";
import { Empty } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { patch, useLocation } from "../view/location";
import { useView } from "../view/view";

const columnsOf = (tz: string): Column<Release>[] => [
  {
    id: "verdict",
    head: "Verdict",
    by: (row) => RANK[row.verdict ?? ""] ?? 9,
    plain: (row) => row.text,
    cell: (row) => {
      const verdict = VERDICTS[row.verdict ?? ""] ?? { label: "First", level: "none" };
      return (
        <span className="badge" data-level={verdict.level} title={row.text}>
          {verdict.label}
        </span>
      );
    },
  },
  {
    id: "version",
    head: "Version",
    by: (row) => row.version,
    cell: (row) => (
      <span className="rule">
        <button type="button" className="link" onClick={() => patch({ release: idOf(row) })}>
          {row.version}
        </button>
        <span className="muted">
          {row.service} · {row.environment}
        </span>
      </span>
    ),
  },
  {
    id: "since",
    head: "Since",
    by: (row) => Date.parse(row.firstAt),
    plain: (row) => row.firstAt,
    cell: (row) => moment(Date.parse(row.firstAt), tz),
  },
  {
    id: "requests",
    head: "Requests",
    title: "Of the first day, as far as they are compared: of the version before, then of this one",
    number: true,
    wide: 2,
    by: (row) => row.comparison?.after.requests ?? null,
    cell: (row) => change(row.comparison, (of) => of.requests, number.count),
  },
  {
    id: "errors",
    head: "5xx",
    number: true,
    wide: 1,
    by: (row) => row.comparison?.errors.value ?? null,
    cell: (row) => change(row.comparison, (of) => of.serverErrorRate, number.percent),
  },
  {
    id: "p95",
    head: "p95",
    number: true,
    wide: 1,
    by: (row) => row.comparison?.p95.value ?? null,
    cell: (row) => change(row.comparison, (of) => of.p95Ms, number.ms),
  },
];

const Releases = () => {
  const view = useView();
  const { params } = useLocation();
  const releases = useReleases(view);
  if (isMissing(releases.error)) return <Empty>Releases are compared where there is a control plane.</Empty>;
  if (isForbidden(releases.error)) return <Empty>Releases are for admins.</Empty>;
  const rows = releases.data?.data;
  const shown = rows?.find((row) => idOf(row) === params.release) ?? rows?.[0];
  return (
    <>
      <h1 className="sr">Releases</h1>
      <Table
        caption="Releases"
        columns={columnsOf(view.tz)}
        rows={rows}
        idOf={idOf}
        text={(row) => `${row.version} ${row.service} ${row.environment} ${row.text}`}
        error={releases.error}
        retry={() => void releases.refetch()}
        start={{ id: "since", down: true }}
        empty="No versions yet. A process names its version when it starts."
        file="releases"
      />
      {shown && <RolloutOf key={idOf(shown)} of={shown} />}
    </>
  );
};

export default Releases;

// The health of api-metrics itself: store, process, background work and instances.

import { useStatus } from "../api/queries";
import type { Status as StatusBody } from "../api/types";
import { AuditTrail } from "../audit/AuditTrail";
import * as number from "../format/number";
import { precise } from "../format/time";
import type { Column } from "../ui/column";
import { Deferred } from "../ui/Deferred";
import { ExportRows } from "../ui/ExportRows";
import { Failure } from "../ui/states";
import { useView } from "../view/view";

type Level = "fine" | "some" | "bad";

interface Line {
  name: string;
  value: string;
  level?: Level;
  note?: string;
}

const List = ({ title, lines }: { title: string; lines: Line[] }) => (
  <section className="card" aria-label={title}>
    <header className="card-head">
      <h2>{title}</h2>
    </header>
    <dl className="description-list">
      {lines.map(({ name, value, level = "fine", note }) => (
        <div key={name} data-level={level}>
          <dt>{name}</dt>
          <dd>
            {level !== "fine" && (
              <span className="badge" data-level={level}>
                {level === "bad" ? "Critical" : "Warning"}
              </span>
            )}{" "}
            {value}
            {note && <small className="muted"> {note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  </section>
);

/** What an export of the instances says. */
const INSTANCE: readonly Column<StatusBody["instances"][number]>[] = [
  { id: "service", head: "Service", by: (row) => row.service, cell: () => null },
  { id: "environment", head: "Environment", by: (row) => row.environment, cell: () => null },
  { id: "version", head: "Version", by: (row) => row.version, cell: () => null },
  { id: "host", head: "Host", by: (row) => row.host, cell: () => null },
  { id: "started", head: "Started", by: (row) => row.startedAt, cell: () => null },
  { id: "flush", head: "Last flush", by: (row) => row.lastFlushAt ?? null, cell: () => null },
];

const Status = () => {
  const view = useView();
  const status = useStatus(view);
  if (status.error && !status.data) return <Failure error={status.error} retry={() => void status.refetch()} />;
  if (!status.data) return <div className="page-wait skeleton" />;
  return <Shown status={status.data} tz={view.tz} />;
};

const when = (text: string | null | undefined, tz: string): string =>
  text ? precise(Date.parse(text), tz) : number.NONE;

const STANDBY: Readonly<Record<string, string>> = {
  used: "Takes reads",
  behind: "Too far behind: the primary is read",
  gone: "Does not answer: the primary is read",
  promoted: "Was promoted: the primary is read",
};

const standbyLine = (standby: StatusBody["store"]["standby"]): Line[] => {
  if (standby == null) return [];
  const { state, lagSeconds, maxLagSeconds, error } = standby;
  const seconds = (n: number) => `${number.decimal(n)} s`;
  const lag = lagSeconds == null ? "" : `at most ${seconds(lagSeconds)} behind, ${seconds(maxLagSeconds)} allowed`;
  const level = state === "used" ? "fine" : "some";
  return [{ name: "Standby", value: STANDBY[state] ?? state, level, note: error ?? lag }];
};

const bucketsLine = (buckets: StatusBody["store"]["buckets"], tz: string): Line[] => {
  if (buckets == null) return [];
  const { version, error, copiedAt, isCopying } = buckets;
  const last = copiedAt == null ? "nothing copied yet" : `last copied ${when(copiedAt, tz)}`;
  return [
    {
      name: "Buckets",
      value: version ?? "Do not answer",
      level: error == null ? "fine" : "bad",
      note: error ?? (isCopying ? `${last}, copying` : last),
    },
  ];
};

const batches = (n: number): string => number.plural(n, "flush batch", "flush batches");

const Shown = ({ status, tz }: { status: StatusBody; tz: string }) => {
  const { store, recorder, tasks, cache } = status;
  const live = status.instances.filter((instance) => instance.live);
  const unreachable = `store unreachable${store.unreachableSince ? ` since ${when(store.unreachableSince, tz)}` : ""}`;
  return (
    <>
      <h1 className="sr">Status</h1>
      {!store.reachable && (
        <div className="state failure" role="alert">
          <strong>
            {store.misconfiguration ? `Store misconfigured: ${store.misconfiguration}` : "Store unreachable"}
            {store.unreachableSince ? ` since ${when(store.unreachableSince, tz)}` : ""}
          </strong>
          <p>{store.error}</p>
          <p className="muted">
            Requests are still counted in memory and are flushed once the store responds. Nothing is lost while this
            process keeps running.
          </p>
        </div>
      )}
      {status.hints.map((hint) => (
        <p key={`${hint.name} ${hint.service} ${hint.environment}`} className="notice" role="note">
          <strong>
            {hint.service} in {hint.environment}:
          </strong>{" "}
          {hint.detail}
        </p>
      ))}
      <div className="thirds status">
        <List
          title="Store"
          lines={[
            { name: "Reachable", value: store.reachable ? "Yes" : "No", level: store.reachable ? "fine" : "bad" },
            {
              name: "Backend",
              value: [store.backend, `schema ${store.schemaVersion ?? number.NONE}`, store.sketchKind]
                .map((part) => part ?? number.NONE)
                .join(", "),
            },
            { name: "Store clock", value: when(store.now, tz) },
            ...standbyLine(store.standby),
            ...bucketsLine(store.buckets, tz),
            { name: "Series", value: number.count(store.series) },
            {
              name: "Awaiting fold",
              value: store.inbox
                ? `${number.plural(store.inbox.records, "request")} in ${batches(store.inbox.batches)}`
                : number.NONE,
            },
            {
              name: "Awaiting rollup",
              value:
                store.dirty.length === 0
                  ? "None"
                  : store.dirty.map((d) => `${d.periods} × ${d.granularity}`).join(", "),
            },
            {
              name: "Quarantined",
              value: number.count(store.quarantined),
              level: store.quarantined ? "bad" : "fine",
              note: store.quarantined ? "flush batches that could not be read" : "",
            },
            {
              name: "Quarantined row data",
              value: number.count(store.quarantinedRowCount),
              level: store.quarantinedRowCount ? "bad" : "fine",
              note: store.quarantinedRowCount ? "listed below" : "",
            },
            {
              name: "Flush batches lost",
              value: number.count(status.lost),
              level: status.lost > 0 ? "bad" : "fine",
              note: status.lost > 0 ? "after a restore or failover" : "",
            },
            ...store.retentionFloors.map(
              (floor): Line => ({
                name: `${floor.granularity} retained since`,
                value: floor.floor ? when(floor.floor, tz) : "The beginning",
              }),
            ),
          ]}
        />
        <List
          title="This process"
          lines={
            recorder
              ? [
                  { name: "Unflushed", value: number.plural(recorder.unflushedRecords, "request") },
                  { name: "Series in memory", value: number.count(recorder.liveSeries) },
                  { name: "Keys in memory", value: number.count(recorder.liveKeys) },
                  { name: "Memory", value: number.bytes(recorder.bytes) },
                  {
                    name: "Series overflow",
                    value: number.count(recorder.seriesOverflow),
                    level: recorder.seriesOverflow > 0 ? "some" : "fine",
                    note: recorder.seriesOverflow > 0 ? "counted under other endpoints" : "",
                  },
                  {
                    name: "Key overflow",
                    value: number.count(recorder.keyOverflow),
                    level: recorder.keyOverflow > 0 ? "bad" : "fine",
                    note: recorder.keyOverflow > 0 ? "not billed" : "",
                  },
                  {
                    name: "Unit overflow",
                    value: number.count(recorder.unitOverflow),
                    level: recorder.unitOverflow > 0 ? "some" : "fine",
                    note: recorder.unitOverflow > 0 ? "counted under other units" : "",
                  },
                  {
                    name: "Unconfirmed flush batches",
                    value: number.count(recorder.unresolvedBatches),
                    level: recorder.unresolvedBatches > 0 ? "some" : "fine",
                  },
                  {
                    name: "Queued requests",
                    value: number.count(recorder.queueWaited),
                    note:
                      typeof recorder.averageQueueWaitMs === "number"
                        ? `${number.ms(recorder.averageQueueWaitMs)} on average, not part of latency`
                        : "",
                  },
                  {
                    name: "Left the queue",
                    value: number.count(recorder.queueAbandoned),
                    level: recorder.queueAbandoned > 0 ? "some" : "fine",
                    note: recorder.queueAbandoned > 0 ? "never called, in no other figure" : "",
                  },
                  {
                    name: "Coarsened periods",
                    value: number.count(recorder.coarsened.length),
                    level: recorder.coarsened.length > 0 ? "some" : "fine",
                  },
                ]
              : [{ name: "Recorder", value: "None: this process only reads" }]
          }
        />
        <List
          title="Background work"
          lines={[
            {
              name: "Flush lag",
              value: tasks ? number.age(tasks.flushLagSeconds) : number.NONE,
              level: tasks && tasks.flushLagSeconds > 60 ? "bad" : "fine",
            },
            ...(tasks?.tasks ?? []).map(
              (task): Line => ({
                name: task.name[0]?.toUpperCase() + task.name.slice(1),
                value: task.running
                  ? task.lastSuccessAt
                    ? `last success ${when(task.lastSuccessAt, tz)}`
                    : "not run yet"
                  : "stopped",
                level: !task.running || task.stalled ? "bad" : task.lastError ? "some" : "fine",
                ...(task.lastError
                  ? {
                      note: task.failingSince
                        ? `failing since ${when(task.failingSince, tz)}: ${task.lastError}`
                        : task.lastError,
                    }
                  : {}),
              }),
            ),
            {
              name: "Cache hits",
              value: `${number.count(cache.hits)} of ${number.count(cache.hits + cache.misses)}`,
            },
            { name: "Cache size", value: `${number.count(cache.entries)} entries, ${number.bytes(cache.bytes)}` },
            { name: "Open streams", value: number.count(status.streams) },
          ]}
        />
      </div>
      <section className="card" aria-label="Instances">
        <header className="card-head">
          <h2>Instances</h2>
          <span className="muted">
            {store.reachable ? `${live.length} live of ${status.instances.length}` : `unknown: ${unreachable}`}
          </span>
          <div className="card-tools">
            <ExportRows columns={INSTANCE} rows={status.instances} file="instances" label="Instances" />
          </div>
        </header>
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Instances, scrollable">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Service</th>
                <th scope="col">Environment</th>
                <th scope="col">Version</th>
                <th scope="col">Host</th>
                <th scope="col">Started</th>
                <th scope="col" className="num">
                  Last flush
                </th>
                <th scope="col" className="num">
                  Flush batches
                </th>
                <th scope="col" className="num">
                  Awaiting fold
                </th>
              </tr>
            </thead>
            <tbody>
              {status.instances.map((each) => (
                <tr key={each.id}>
                  <td>
                    <span className="badge" data-level={!store.reachable ? "some" : each.live ? "good" : "none"}>
                      {!store.reachable ? "Unknown" : each.live ? "Live" : "Stopped"}
                    </span>
                  </td>
                  <td>{each.service}</td>
                  <td>{each.environment}</td>
                  <td>{each.version}</td>
                  <td>{each.host}</td>
                  <td>{when(each.startedAt, tz)}</td>
                  <td className="num">
                    {each.flushAgeSeconds == null ? number.NONE : `${number.age(each.flushAgeSeconds)} ago`}
                  </td>
                  <td className="num">{number.count(each.sequence)}</td>
                  <td className="num">{number.count(each.sequence - each.folded)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {store.quarantinedRows.length > 0 && (
        <section className="card" aria-label="Quarantined row data">
          <header className="card-head">
            <h2>Quarantined row data</h2>
            <span className="muted">the latest; the rows still count their requests</span>
          </header>
          <div className="scroll-x" tabIndex={0} role="region" aria-label="Quarantined row data, scrollable">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Period</th>
                  <th scope="col">Granularity</th>
                  <th scope="col">Series</th>
                  <th scope="col">Part</th>
                  <th scope="col">Reason</th>
                  <th scope="col">Quarantined</th>
                </tr>
              </thead>
              <tbody>
                {store.quarantinedRows.map((each) => (
                  <tr key={`${each.granularity} ${each.periodStart} ${each.series} ${each.part}`}>
                    <td>{when(each.periodStart, tz)}</td>
                    <td>{each.granularity}</td>
                    <td>
                      {[each.service, each.method, each.endpoint].filter(Boolean).join(" ") || `#${each.series}`}
                    </td>
                    <td>{each.part}</td>
                    <td>{each.reason}</td>
                    <td>{when(each.at, tz)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {recorder && recorder.unmatched.length > 0 && (
        <section className="card" aria-label="Unmatched paths">
          <header className="card-head">
            <h2>Unmatched paths</h2>
            <span className="muted">sampled since this process started</span>
          </header>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Path</th>
                <th scope="col" className="num">
                  Approx. requests
                </th>
              </tr>
            </thead>
            <tbody>
              {recorder.unmatched.map(({ path, count }) => (
                <tr key={path}>
                  <td className="path">{path}</td>
                  <td className="num">{number.count(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Deferred ready>
        <AuditTrail />
      </Deferred>
    </>
  );
};

export default Status;

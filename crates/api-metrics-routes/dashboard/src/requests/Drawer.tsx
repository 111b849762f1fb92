// Everything about one request, beside the list.
import { type ReactNode, useEffect, useRef } from "react";
import { isMissing, useCurl, useRequest, useSimilar } from "../api/requests";
import type { LoggedRequest } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { precise, stamp } from "../format/time";
import { Code } from "../ui/Code";
import { DescriptionList } from "../ui/DescriptionItem";
import { Route } from "../ui/Route";
import { Failure, NotFound } from "../ui/states";
import { href, patch } from "../view/location";
import { useView } from "../view/view";
import { Level, StatusCode } from "./RequestTable";
import { Snapshot } from "./Snapshot";
import { traceLink } from "./traceLink";
import { errorText, keptBecause, placeText } from "./words";

const traceUrl = document.querySelector<HTMLMetaElement>('meta[name="api-metrics"]')?.dataset.traceUrl;

/** A value that leads to all requests that have it. */
const only = (filter: Readonly<Record<string, string | null>>, text: ReactNode) => {
  const params = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, value ?? undefined]));
  return <a href={href("requests", params)}>{text}</a>;
};

const instance = (text: string) => <span className="path">{text}</span>;

/** Labels and values; what a request has none of is left out. */
const factsOf = (row: LoggedRequest, tz: string): (readonly [string, ReactNode])[] => {
  const at = Date.parse(row.at);
  const link = row.traceId ? traceLink(traceUrl, row.traceId, row.spanId ?? null) : null;
  const isEvent = row.kind === "event";
  const place = placeText(row);
  const facts: (readonly [string, ReactNode] | null)[] = [
    [isEvent ? "Logged" : "Finished", `${precise(at, tz)}.${String(at % 1_000).padStart(3, "0")}`],
    !isEvent ? ["Path", instance(row.path)] : null,
    isEvent && row.source != null ? ["Source", only({ source: row.source }, instance(row.source))] : null,
    isEvent && row.fields != null ? ["Fields", instance(row.fields)] : null,
    row.status != null && row.status !== row.countedStatus ? ["Status sent", row.status] : null,
    row.outcome === "completed" || isEvent ? null : ["Outcome", only({ outcome: row.outcome }, row.outcome)],
    row.latencyMs == null ? null : ["Latency", number.exactMs(row.latencyMs)],
    row.timeToHeadersMs == null ? null : ["Time to headers", number.exactMs(row.timeToHeadersMs)],
    row.queueWaitMs == null ? null : ["Waited before", number.exactMs(row.queueWaitMs)],
    isEvent ? null : ["Received", number.bytes(row.requestBytes)],
    isEvent ? null : ["Sent", number.bytes(row.responseBytes)],
    isEvent
      ? null
      : [
          "Consumer",
          <a key="key" href={href("consumer", { key: String(row.apiKeyId ?? 0) })}>
            {consumerName({ apiKeyId: row.apiKeyId ?? 0, externalId: row.apiKey ?? null })}
          </a>,
        ],
    row.user == null ? null : ["User", only({ user: row.user }, row.user)],
    row.address == null ? null : ["Address (hash)", instance(row.address)],
    place === null ? null : ["Country", only({ country: row.country ?? null }, place)],
    row.userAgent == null ? null : ["User agent", row.userAgent],
    ["Service", [row.service, row.environment].filter(Boolean).join(", ")],
    row.version === "" ? null : ["Version", only({ version: row.version }, row.version)],
    ["Instance", instance(row.instance)],
    isEvent ? null : ["Protocol", row.protocol],
    row.requestId == null ? null : ["Request id", instance(row.requestId)],
    row.traceId == null
      ? null
      : [
          "Trace",
          <span key="trace">
            {only({ trace: row.traceId }, instance(row.traceId))}
            {link !== null && (
              <>
                {" "}
                <a href={link} target="_blank" rel="noreferrer">
                  Open trace
                </a>
              </>
            )}
          </span>,
        ],
    row.spanId == null ? null : ["Span", instance(row.spanId)],
    ["Id", instance(row.id)],
  ];
  return facts.filter((fact) => fact !== null);
};

export const Drawer = ({ id, close }: { id: string; close: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const opener = useRef(document.activeElement);
  const { tz } = useView();
  const request = useRequest(id);
  const row = request.data;
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    // It is removed, not closed, so the browser doesn't give the focus back by itself.
    return () => {
      if (opener.current instanceof HTMLElement) opener.current.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog drawer"
      aria-label="Request"
      onClose={close}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      // A click beside it: the backdrop is the dialog's own.
      onMouseDown={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div className="drawer-body">
        <header>
          <h2>
            {row?.kind === "event" ? (
              <>
                <Level level={row.level} /> Event
              </>
            ) : row ? (
              <>
                <StatusCode row={row} /> <Route method={row.method} endpoint={row.endpoint} />
              </>
            ) : (
              "Request"
            )}
          </h2>
          <button type="button" className="ghost icon" aria-label="Close" onClick={close}>
            <span aria-hidden="true">×</span>
          </button>
        </header>
        {isMissing(request.error) ? (
          <NotFound>There is no such request, or no more.</NotFound>
        ) : request.error && !row ? (
          <Failure error={request.error} retry={() => void request.refetch()} />
        ) : !row ? (
          <p className="card-note">
            <span className="skeleton line" />
          </p>
        ) : (
          <Content key={row.id} row={row} tz={tz} />
        )}
      </div>
    </dialog>
  );
};

const Content = ({ row, tz }: { row: LoggedRequest; tz: string }) => {
  const text = errorText(row);
  return (
    <>
      {text !== "" && <p className="drawer-error path">{text}</p>}
      <p className="card-note muted">{keptBecause(row)}</p>
      <DescriptionList facts={factsOf(row, tz)} />
      {(row.lines.length > 0 || row.linesLeftOut > 0) && <Lines row={row} tz={tz} />}
      {row.kind !== "event" && (
        <>
          <Snapshot id={row.id} />
          <Curl id={row.id} />
          <p className="drawer-links">
            {only({ method: row.method, endpoint: row.endpoint, service: row.service }, "Requests of this endpoint")}
            <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
              Endpoint
            </a>
          </p>
        </>
      )}
      {row.group != null && <Similar row={row} group={row.group} tz={tz} />}
    </>
  );
};

const Lines = ({ row, tz }: { row: LoggedRequest; tz: string }) => (
  <section aria-label="Log lines">
    <h3>Log lines</h3>
    <ol className="log-lines">
      {row.lines.map((line, index) => (
        <li key={`${line.at} ${index}`}>
          <Level level={line.level} />
          <span className="muted">
            {stamp(Date.parse(line.at), tz)} {line.source}
          </span>
          <span className="path">{line.message}</span>
          {line.fields !== "" && <span className="path muted">{line.fields}</span>}
        </li>
      ))}
    </ol>
    {row.linesLeftOut > 0 && <p className="card-note muted">{number.plural(row.linesLeftOut, "line")} left out</p>}
  </section>
);

const Curl = ({ id }: { id: string }) => {
  const curl = useCurl();
  const copy = async () => {
    const { command } = await curl.mutateAsync(id);
    // Only secure pages have a clipboard; on others the command stands there to be selected.
    await navigator.clipboard?.writeText(command);
  };
  return (
    <section aria-label="As a command">
      <p className="drawer-links">
        <button type="button" disabled={curl.isPending} onClick={() => void copy().catch(() => undefined)}>
          Copy as curl
        </button>
        <span role="status" className="muted">
          {curl.data ? (navigator.clipboard ? "Copied" : "Select it below") : ""}
          {curl.error ? curl.error.message : ""}
        </span>
      </p>
      {curl.data && <Code className="command" label="Command" text={curl.data.command} />}
    </section>
  );
};

const Similar = ({ row, group, tz }: { row: LoggedRequest; group: string; tz: string }) => {
  const view = useView();
  const similar = useSimilar(view, group);
  const others = (similar.data?.data ?? []).filter((each) => each.id !== row.id).slice(0, 5);
  return (
    <section aria-label="Similar errors">
      <h3>Similar errors</h3>
      {similar.data && others.length === 0 && <p className="card-note muted">No others in this range.</p>}
      <ol className="log-lines">
        {others.map((each) => (
          <li key={each.id}>
            <button type="button" className="link" onClick={() => patch({ id: each.id })}>
              {stamp(Date.parse(each.at), tz)}
            </button>
            <span className="path">{errorText(each) || `Status ${each.countedStatus}`}</span>
          </li>
        ))}
      </ol>
      <p className="drawer-links">{only({ group }, "All of this group")}</p>
    </section>
  );
};

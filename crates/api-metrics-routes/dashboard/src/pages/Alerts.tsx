// Alert rules with their state, the alert history, silences, channels, and failed deliveries.
import { useMemo, useState } from "react";
import { Causes } from "../alerts/Causes";
import { Channels } from "../alerts/Channels";
import { condition, STATES, scopeOf, stateOf, valueIn } from "../alerts/describe";
import { FailedDeliveries } from "../alerts/FailedDeliveries";
import { RuleForm } from "../alerts/RuleForm";
import { requestsOf } from "../alerts/requestsOf";
import { Silences } from "../alerts/Silences";
import { useAlertEvents, useAlerts, useAlertWrites, useApiKeys } from "../api/control";
import { useMay } from "../api/session";
import type { Alert, AlertEvent } from "../api/types";
import * as number from "../format/number";
import { moment } from "../format/time";
import { Deferred } from "../ui/Deferred";
import { Select } from "../ui/Select";
import { Failure } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { NO_SEED } from "../view/alert";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";

const RANK: Readonly<Record<string, number>> = { firing: 0, pending: 1, resolved: 2, ok: 3, off: 4 };

const Alerts = () => {
  const view = useView();
  const { params } = useLocation();
  const rules = useAlerts(view);
  const keys = useApiKeys().data?.data;
  const { write } = useMay();
  const { toggle, remove } = useAlertWrites();
  const [removing, setRemoving] = useState<number | null>(null);
  const rows = rules.data?.data;
  const edited =
    params.edit === undefined
      ? undefined
      : params.edit === "new"
        ? null
        : rows?.find((rule) => String(rule.id) === params.edit);
  const keyNames = useMemo(() => new Map((keys ?? []).map((key) => [key.id, key.name ?? key.externalId])), [keys]);

  const columns = useMemo(
    (): Column<Alert>[] => [
      {
        id: "state",
        head: "State",
        by: (row) => RANK[stateOf(row)] ?? 9,
        plain: (row) => STATES[stateOf(row)]?.label ?? row.state,
        cell: (row) => {
          const state = STATES[stateOf(row)] ?? { label: row.state, level: "none" };
          return (
            <span
              className="badge"
              data-level={state.level}
              title={row.enabled ? `Since ${moment(Date.parse(row.stateSince), view.tz)}` : ""}
            >
              {state.label}
            </span>
          );
        },
      },
      {
        id: "name",
        head: "Rule",
        by: (row) => row.name,
        cell: (row) => (
          <span className="rule">
            {write ? (
              <button type="button" className="link" onClick={() => patch({ edit: String(row.id) })}>
                {row.name}
              </button>
            ) : (
              row.name
            )}
            <span className="muted">{condition(row)}</span>
          </span>
        ),
      },
      {
        id: "severity",
        head: "Severity",
        wide: 1,
        by: (row) => ["critical", "high", "medium", "low"].indexOf(row.severity),
        plain: (row) => row.severity,
        cell: (row) => (
          <span className="severity" data-severity={row.severity}>
            {row.severity}
          </span>
        ),
      },
      {
        id: "scope",
        head: "Scope",
        wide: 2,
        by: (row) => scopeOf(row, (id) => keyNames.get(id) ?? `Key ${id}`),
        cell: (row) => scopeOf(row, (id) => keyNames.get(id) ?? `Key ${id}`),
      },
      {
        id: "value",
        head: "Current value",
        number: true,
        plain: (row) => (row.enabled ? valueIn(row.alertType, row.value, row.quantile) : null),
        wide: 1,
        cell: (row) => (row.enabled ? valueIn(row.alertType, row.value, row.quantile) : number.NONE),
      },
      {
        id: "fired",
        head: "Last fired",
        number: true,
        wide: 1,
        by: (row) => row.lastFiredAt ?? null,
        cell: (row) => (row.lastFiredAt ? moment(Date.parse(row.lastFiredAt), view.tz) : "Never"),
      },
      {
        id: "do",
        head: "",
        number: true,
        cell: (row) =>
          write && (
            <span className="row-tools">
              <button
                type="button"
                role="switch"
                aria-checked={row.enabled}
                aria-label={`Enabled: ${row.name}`}
                className="switch"
                disabled={toggle.isPending}
                onClick={() => toggle.mutate({ id: row.id, enabled: !row.enabled, revision: row.revision })}
              />
              {removing === row.id ? (
                <>
                  <button
                    type="button"
                    className="danger"
                    onClick={() => remove.mutate(row.id, { onSettled: () => setRemoving(null) })}
                  >
                    Delete
                  </button>
                  <button type="button" className="ghost" onClick={() => setRemoving(null)}>
                    Cancel
                  </button>
                </>
              ) : (
                <button
                  type="button"
                  className="ghost"
                  aria-label={`Delete ${row.name}`}
                  onClick={() => setRemoving(row.id)}
                >
                  Delete
                </button>
              )}
            </span>
          ),
      },
    ],
    [view.tz, keyNames, toggle, remove, removing, write],
  );

  const failed = toggle.error ?? remove.error;
  return (
    <>
      <h1 className="sr">Alerts</h1>
      {failed && <Failure error={failed} />}
      <Table
        caption="Alert rules"
        columns={columns}
        rows={rows}
        idOf={(row) => String(row.id)}
        text={(row) => `${row.name} ${condition(row)} ${row.endpointFilter ?? ""} ${row.serviceFilter ?? ""}`}
        error={rules.error}
        retry={() => void rules.refetch()}
        start={{ id: "state", down: false }}
        empty="No alert rules yet. Rules are evaluated every minute; test one on past data before you save it."
        file="alerts"
        exported="Rules"
        tools={
          write && (
            <button type="button" className="primary" onClick={() => patch({ ...NO_SEED, edit: "new" })}>
              New rule
            </button>
          )
        }
      />
      <Deferred ready={rows !== undefined || rules.error !== null}>
        <History rules={rows} />
        <Silences rules={rows} />
        <Channels />
        <FailedDeliveries />
      </Deferred>
      {write && edited !== undefined && <RuleForm key={params.edit} rule={edited} close={() => patch(NO_SEED)} />}
    </>
  );
};

const lasted = (event: AlertEvent): number | null =>
  event.resolvedAt ? (Date.parse(event.resolvedAt) - Date.parse(event.firedAt)) / 1000 : null;

const History = ({ rules }: { rules: readonly Alert[] | undefined }) => {
  const view = useView();
  const { params } = useLocation();
  const [maxPages, setMaxPages] = useState(1);
  const only = params.alert === undefined ? undefined : Number(params.alert);
  const events = useAlertEvents(view, { maxPages, limit: "100", ...(only === undefined ? {} : { alertId: only }) });
  const columns = useMemo(
    (): Column<AlertEvent>[] => [
      {
        id: "state",
        head: "State",
        by: (row) => row.state,
        cell: (row) => (
          <span className="badge" data-level={row.resolvedAt ? "none" : "bad"}>
            {row.resolvedAt ? "Resolved" : "Firing"}
          </span>
        ),
      },
      {
        id: "fired",
        head: "Fired",
        by: (row) => row.firedAt,
        number: true,
        cell: (row) => <span className="time">{moment(Date.parse(row.firedAt), view.tz)}</span>,
      },
      {
        id: "lasted",
        head: "Duration",
        number: true,
        wide: 1,
        by: lasted,
        cell: (row) => (row.resolvedAt ? number.age(lasted(row) ?? 0) : "Ongoing"),
      },
      {
        id: "severity",
        head: "Severity",
        wide: 2,
        by: (row) => row.severity,
        cell: (row) => (
          <span className="severity" data-severity={row.severity}>
            {row.severity}
          </span>
        ),
      },
      {
        id: "message",
        head: "Message",
        plain: (row) => `${row.name}: ${row.message}`,
        cell: (row) => (
          <span className="rule">
            <a href={href(`incident/${row.id}`)}>{row.message}</a>
            <span className="muted">
              {row.name}
              {row.acknowledgedBy ? `, acknowledged by ${row.acknowledgedBy}` : ""}
            </span>
            <Causes event={row} rule={rules?.find((rule) => rule.id === row.alertId)} />
          </span>
        ),
      },
      {
        id: "requests",
        head: "",
        number: true,
        cell: (row) => (
          <a
            href={requestsOf(
              row,
              rules?.find((rule) => rule.id === row.alertId),
            )}
            aria-label={`Requests of ${row.name}, ${moment(Date.parse(row.firedAt), view.tz)}`}
          >
            Requests
          </a>
        ),
      },
    ],
    [view.tz, rules],
  );
  return (
    <Table
      caption="Alert history"
      name="history."
      columns={columns}
      rows={events.data?.data}
      idOf={(row) => row.id}
      text={(row) => `${row.name} ${row.message}`}
      searchLabel="Search alert history"
      error={events.error}
      retry={() => void events.refetch()}
      start={{ id: "fired", down: true }}
      empty="No alerts have fired."
      stale={events.isPlaceholderData}
      file="alert-history"
      exported="History"
      tools={
        <>
          <Select
            label="Rule"
            value={params.alert ?? ""}
            options={[["", "All"], ...(rules ?? []).map((rule): [string, string] => [String(rule.id), rule.name])]}
            onChange={(alert) => patch({ alert })}
          />

          {events.data && !events.data.complete && (
            <button type="button" onClick={() => setMaxPages(maxPages + 5)}>
              Load older
            </button>
          )}
        </>
      }
    />
  );
};

export default Alerts;

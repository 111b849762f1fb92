// One event of an alert, explained: the verdict, the curve, the release before it, and who and what it is about.
import { useMemo } from "react";
import { condition, isHealth, valueIn } from "../alerts/describe";
import { errorsOf, requestsOf } from "../alerts/requestsOf";
import { useIncident } from "../api/control";
import type { Incident as IncidentData, IncidentRelease } from "../api/types";
import { TimeChart } from "../charts/TimeChart";
import * as number from "../format/number";
import { moment } from "../format/time";
import { Actions } from "../incident/Actions";
import { curveOf, lastedOf, MEASURES } from "../incident/model";
import { Shares } from "../incident/Shares";
import { DescriptionList } from "../ui/DescriptionItem";
import { Route } from "../ui/Route";
import { Empty, Failure, isNotFound, NotFound } from "../ui/states";
import { href, useLocation } from "../view/location";
import { useView } from "../view/view";

const Incident = () => {
  const view = useView();
  const { page } = useLocation();
  const found = useIncident(view, page.split("/")[1] ?? "");
  const incident = found.data;
  return (
    <>
      <header className="page-head">
        <a href={href("alerts")} className="back">
          Alerts
        </a>
        <h1>{incident?.event.name ?? "Incident"}</h1>
        {incident && (
          <>
            <span className="badge" data-level={incident.event.resolvedAt ? "none" : "bad"}>
              {incident.event.resolvedAt ? "Resolved" : "Firing"}
            </span>
            <span className="severity" data-severity={incident.event.severity}>
              {incident.event.severity}
            </span>
          </>
        )}
      </header>
      {isNotFound(found.error) ? (
        <NotFound>There is no such event, or it is over for more than a year.</NotFound>
      ) : found.error && !incident ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : incident ? (
        <Explained incident={incident} />
      ) : (
        <div className="page-wait skeleton" />
      )}
    </>
  );
};

const Explained = ({ incident }: { incident: IncidentData }) => {
  const { tz } = useView();
  const { event, rule, release } = incident;
  const chart = useMemo(() => curveOf(incident, tz), [incident, tz]);
  const what = MEASURES[incident.measure ?? ""] ?? "Amount";
  const usual = incident.measure === "bytes" || incident.measure === "unit" ? "before" : "of the requests before";
  return (
    <>
      <section className="card incident-verdict" aria-label="Verdict">
        <p className="incident-headline">{incident.verdict ?? event.message}</p>
        {incident.verdict && <p className="muted">{event.message}</p>}
        <DescriptionList
          facts={[
            ["Since", moment(Date.parse(event.firedAt), tz)],
            [
              event.resolvedAt ? "Resolved" : "Ongoing",
              event.resolvedAt
                ? `${moment(Date.parse(event.resolvedAt), tz)}, after ${lastedOf(incident)}`
                : `for ${lastedOf(incident)}`,
            ],
            ["Rule", rule ? condition(rule) : "The rule was deleted: what needs its filters is not shown."],
            ["Value at the start", valueIn(event.alertType, event.value, rule?.quantile)],
          ]}
        />
        <Actions incident={incident} />
      </section>
      <TimeChart
        title={rule ? condition(rule) : "Value"}
        name="incident"
        model={chart}
        error={chart ? null : new Error("What is still kept of that time is too coarse for the rule's windows.")}
        zooms={false}
      />
      <div className="halves">
        {incident.consumers && (
          <Shares
            title="Consumers"
            what={what}
            usual={usual}
            breakdown={incident.consumers}
            name={(part) => (
              <a href={errorsOf(event, rule ?? undefined, { key: String(part.apiKeyId) })}>{part.name}</a>
            )}
          />
        )}
        {incident.endpoints && (
          <Shares
            title="Endpoints"
            what={what}
            usual={usual}
            breakdown={incident.endpoints}
            name={(part) => (
              <a href={href("endpoint", { method: part.method ?? "", endpoint: part.endpoint ?? "" })}>
                <Route method={part.method ?? ""} endpoint={part.endpoint ?? ""} />
              </a>
            )}
          />
        )}
        {incident.statuses && (
          <Shares
            title="Status codes"
            what={incident.measure?.endsWith("errors") ? "Errors" : "Requests"}
            usual={incident.measure?.endsWith("errors") ? "of the errors before" : "of the requests before"}
            breakdown={incident.statuses}
            name={(part) => (
              <a
                href={errorsOf(event, rule ?? undefined, { status: String(part.status) })}
                className="code"
                data-class={part.name[0]}
              >
                {part.name}
              </a>
            )}
          />
        )}
        {release && <ReleaseCard release={release} />}
      </div>
      {!isHealth(event.alertType) && <Samples incident={incident} />}
    </>
  );
};

const ReleaseCard = ({ release }: { release: IncidentRelease }) => {
  const { tz } = useView();
  const rows = [
    ["Requests", number.count(release.before.requests), number.count(release.after.requests)],
    ["Error rate", number.percent(release.before.errorRate), number.percent(release.after.errorRate)],
    ["p95", number.ms(release.before.p95Ms), number.ms(release.after.p95Ms)],
  ] as const;
  return (
    <section className="card" aria-label="Last release before">
      <header className="card-head">
        <h2>Last release before</h2>
      </header>
      <p className="incident-text">
        {release.service} <b>{release.version}</b>, {moment(Date.parse(release.at), tz)}
      </p>
      <table className="table">
        <caption className="sr">The hour before and the hour after the release</caption>
        <thead>
          <tr>
            <th scope="col">In the rule's filters</th>
            <th scope="col" className="num">
              Hour before
            </th>
            <th scope="col" className="num">
              Hour after
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, before, after]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">{before}</td>
              <td className="num">{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

const Samples = ({ incident }: { incident: IncidentData }) => {
  const { tz } = useView();
  const { event, rule, groups, requests } = incident;
  return (
    <section className="card" aria-label="Errors and requests">
      <header className="card-head">
        <h2>Errors and requests</h2>
        <div className="card-tools">
          <a href={requestsOf(event, rule ?? undefined)}>All requests</a>
        </div>
      </header>
      {!groups && !requests && <Empty>There is no request log, or it did not answer.</Empty>}
      {groups && (
        <ul className="incident-groups">
          {groups.map((group) => (
            <li key={group.id}>
              <a href={errorsOf(event, rule ?? undefined, { group: group.id })}>
                {number.count(group.requests)} × {group.status} {group.method} {group.endpoint}
              </a>{" "}
              <span className="muted">{group.message ?? group.errorType}</span>
            </li>
          ))}
          {groups.length === 0 && <li className="muted">No errors were logged.</li>}
        </ul>
      )}
      {requests && requests.length > 0 && (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Sample requests, scrollable">
          <table className="table">
            <caption className="sr">Sample requests</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Status</th>
                <th scope="col">Request</th>
                <th scope="col" className="num">
                  Latency
                </th>
                <th scope="col" data-wide="1">
                  Consumer
                </th>
              </tr>
            </thead>
            <tbody>
              {requests.map((request) => (
                <tr key={request.id}>
                  <td>{moment(Date.parse(request.at), tz)}</td>
                  <td>{request.countedStatus}</td>
                  <td>
                    {request.method} {request.path}
                  </td>
                  <td className="num">{number.ms(request.latencyMs)}</td>
                  <td data-wide="1">{request.apiKey ?? number.NONE}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};

export default Incident;

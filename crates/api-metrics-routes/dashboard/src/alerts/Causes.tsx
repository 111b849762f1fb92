// What was behind an alert when it fired: its largest groups of errors and its largest consumers, each with a link to
// its requests. For those who see everything.
import type { Alert, AlertEvent } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { errorsOf } from "./requestsOf";

interface Props {
  event: AlertEvent;
  rule: Alert | undefined;
}

export const Causes = ({ event, rule }: Props) => {
  const groups = event.causes?.groups ?? [];
  const consumers = event.causes?.consumers ?? [];
  if (groups.length === 0 && consumers.length === 0) return null;
  return (
    <details className="causes">
      <summary>Behind it</summary>
      {groups.length > 0 && (
        <>
          <h3>Largest errors</h3>
          <ul>
            {groups.map((group) => (
              <li key={group.id}>
                <a href={errorsOf(event, rule, { group: group.id })}>
                  {group.status} {group.method} {group.endpoint}
                </a>{" "}
                <span className="muted">
                  {number.plural(group.requests, "request", "requests")}
                  {(group.message ?? group.errorType) ? `: ${group.message ?? group.errorType}` : ""}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {consumers.length > 0 && (
        <>
          <h3>Largest consumers</h3>
          <ul>
            {consumers.map((who) => (
              <li key={who.apiKeyId}>
                <a href={errorsOf(event, rule, { key: String(who.apiKeyId) })}>{consumerName(who)}</a>{" "}
                <span className="muted">
                  {number.plural(who.errors, "error", "errors")} of{" "}
                  {number.plural(who.requests, "request", "requests")}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
};

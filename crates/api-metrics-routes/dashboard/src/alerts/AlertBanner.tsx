// The alerts that are firing, above everything else. It is always shown and always of the same height,
// so that nothing moves when the answer arrives and "none firing" differs from "unknown".
import { useState } from "react";
import { isForbidden, useAlertEvents, useAlerts } from "../api/control";
import type { AlertEvent } from "../api/types";
import { moment } from "../format/time";
import { ObjectiveBadge } from "../objectives/ObjectiveBadge";
import { href } from "../view/location";
import { useView } from "../view/view";
import { requestsOf } from "./requestsOf";

const RANK = ["critical", "high", "medium", "low"];

const bySeverity = (events: readonly AlertEvent[]): AlertEvent[] =>
  [...events].sort(
    (a, b) => RANK.indexOf(a.severity) - RANK.indexOf(b.severity) || Date.parse(b.firedAt) - Date.parse(a.firedAt),
  );

export const AlertBanner = () => {
  const view = useView();
  const events = useAlertEvents(view, { open: true });
  const rules = useAlerts(view).data?.data;
  const [all, setAll] = useState(false);
  if (isForbidden(events.error)) return null;
  if (!events.data) {
    return (
      <section className="banner" data-severity="none" aria-label="Firing alerts">
        {events.error ? (
          <span>Alerts could not be loaded: {events.error.message}</span>
        ) : (
          <span className="skeleton line" />
        )}
      </section>
    );
  }
  const firing = bySeverity(events.data.data);
  if (firing.length === 0) {
    return (
      <section className="banner" data-severity="none" role="status" aria-label="Firing alerts">
        <span className="dot good" aria-hidden="true" />
        <span>No alerts firing</span>
        <ObjectiveBadge />
      </section>
    );
  }
  return (
    <section
      className="banner"
      role="alert"
      aria-label="Firing alerts"
      data-severity={firing[0]?.severity}
      data-all={all}
    >
      <ul>
        {(all ? firing : firing.slice(0, 1)).map((event) => (
          <Firing
            key={event.id}
            event={event}
            tz={view.tz}
            requests={requestsOf(
              event,
              rules?.find((rule) => rule.id === event.alertId),
            )}
          />
        ))}
      </ul>
      {firing.length > 1 && (
        <button type="button" className="ghost" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show ${firing.length - 1} more`}
        </button>
      )}
      <ObjectiveBadge />
    </section>
  );
};

const Firing = ({ event, tz, requests }: { event: AlertEvent; tz: string; requests: string }) => (
  <li>
    <span className="severity" data-severity={event.severity}>
      {event.severity}
    </span>
    <a href={href(`incident/${event.id}`)}>{event.name}</a>
    <span className="banner-text" title={event.message}>
      {event.message}
    </span>
    <span className="muted">since {moment(Date.parse(event.firedAt), tz)}</span>
    <a href={requests} aria-label={`Requests of ${event.name}`}>
      Requests
    </a>
  </li>
);

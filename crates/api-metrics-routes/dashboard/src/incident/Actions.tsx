// What can be done about an incident: take it on, silence it, open what it is about, copy a summary.
import { useState } from "react";
import { useEventWrites } from "../api/control";
import { useMay } from "../api/session";
import type { Incident } from "../api/types";
import { moment } from "../format/time";
import { Failure } from "../ui/states";
import { href } from "../view/location";
import { useView } from "../view/view";
import { summaryOf } from "./model";

const PERIODS = [
  ["1h", "1 h"],
  ["8h", "8 h"],
  ["resolved", "Until resolved"],
] as const;

export const Actions = ({ incident }: { incident: Incident }) => {
  const { tz } = useView();
  const { event } = incident;
  const { write } = useMay();
  const { acknowledge, silence } = useEventWrites(event.id);
  const [copied, setCopied] = useState<string | null>(null);
  const top = incident.endpoints?.parts[0];
  const silent =
    event.silencedAt != null &&
    (event.silencedUntil == null ? event.resolvedAt == null : Date.parse(event.silencedUntil) > Date.now());
  const copy = async () => {
    const text = summaryOf(incident, tz, window.location.href);
    // Only secure pages have a clipboard; on others the text stands there to be selected.
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    setCopied(text);
  };
  const failed = acknowledge.error ?? silence.error;
  return (
    <>
      <div className="incident-actions">
        {event.acknowledgedAt ? (
          <span>
            Acknowledged by <b>{event.acknowledgedBy}</b>, {moment(Date.parse(event.acknowledgedAt), tz)}
          </span>
        ) : (
          write && (
            <button
              type="button"
              className="primary"
              disabled={acknowledge.isPending}
              onClick={() => acknowledge.mutate()}
            >
              Acknowledge
            </button>
          )
        )}
        <div className="incident-silence" role="group" aria-label="Silence this rule" hidden={!write && !silent}>
          {silent ? (
            <>
              <span>
                Silenced by <b>{event.silencedBy}</b>{" "}
                {event.silencedUntil ? `until ${moment(Date.parse(event.silencedUntil), tz)}` : "until resolved"}
              </span>
              {write && (
                <button type="button" disabled={silence.isPending} onClick={() => silence.mutate("off")}>
                  End silence
                </button>
              )}
            </>
          ) : (
            write && (
              <>
                <span className="muted">Silence</span>
                {PERIODS.filter(([period]) => period !== "resolved" || event.resolvedAt == null).map(
                  ([period, label]) => (
                    <button
                      key={period}
                      type="button"
                      disabled={silence.isPending}
                      onClick={() => silence.mutate(period)}
                    >
                      {label}
                    </button>
                  ),
                )}
              </>
            )
          )}
        </div>
        {top?.endpoint != null && (
          <a
            href={href("endpoint", {
              method: top.method ?? "",
              endpoint: top.endpoint,
              service: incident.rule?.serviceFilter ?? undefined,
              env: incident.rule?.environmentFilter ?? undefined,
              period: undefined,
              from: incident.usualFrom,
              to: event.resolvedAt ?? undefined,
            })}
          >
            Open endpoint
          </a>
        )}
        <button type="button" className="ghost" onClick={() => void copy()}>
          {copied && navigator.clipboard ? "Copied" : "Copy summary"}
        </button>
      </div>
      {copied && !navigator.clipboard && (
        <textarea className="incident-summary" aria-label="Summary as Markdown" readOnly rows={8} value={copied} />
      )}
      {failed && <Failure error={failed} />}
    </>
  );
};

// Requests as they arrive, with a pause.
import { isMissing, useRequests } from "../api/requests";
import * as number from "../format/number";
import { useLocation } from "../view/location";
import { filterParams } from "../view/requests";
import { useView } from "../view/view";
import { LogOff } from "./LogOff";
import { RequestTable } from "./RequestTable";
import { SHOWN } from "./tail";
import { type TailState, useTail } from "./useTail";

const WORDS: Readonly<Record<TailState, string>> = {
  connecting: "Connecting…",
  live: "Live, every 2 s",
  lost: "Connection lost. Reconnecting…",
};

export const LiveTail = () => {
  const { params } = useLocation();
  const view = useView();
  // Whether there is a log at all is the list's to say.
  const known = useRequests({ ...view, refresh: "off" }, params, true);
  const off = isMissing(known.error);
  const { tail, state, trouble, pause } = useTail(!off && known.isFetched, filterParams(params));
  if (off) return <LogOff />;
  const notes = [
    tail.paused ? `Paused: ${number.count(tail.held.length)} new` : WORDS[state],
    tail.leftOut > 0 ? `${number.count(tail.leftOut)} left out` : null,
    trouble,
  ];
  return (
    <RequestTable
      caption="Live tail"
      rows={state === "connecting" && tail.rows.length === 0 ? undefined : tail.rows}
      empty="Nothing has arrived yet."
      lead={
        <p className="card-note tail-state" role="status" data-tail={tail.paused ? "paused" : state}>
          <span className="dot" aria-hidden="true" />
          {notes.filter(Boolean).join(" · ")}
          {tail.rows.length >= SHOWN && <span className="muted"> · the latest {SHOWN}</span>}
        </p>
      }
      tools={
        <button type="button" aria-pressed={tail.paused} onClick={() => pause(!tail.paused)}>
          {tail.paused ? "Resume" : "Pause"}
        </button>
      }
    />
  );
};

// Where notices go, whether they arrive, and a test of each channel.
import { useState } from "react";
import { isUnderWay, useChannelMute, useChannels, useChannelTest, useTestOutcome } from "../api/notices";
import { useMay } from "../api/session";
import type { Delivery } from "../api/types";
import { precise } from "../format/time";
import { useView } from "../view/view";

const STATES: Readonly<Record<string, { label: string; level: string }>> = {
  ok: { label: "OK", level: "good" },
  failing: { label: "Failing", level: "bad" },
  waiting: { label: "Waiting", level: "warn" },
  unused: { label: "Unused", level: "none" },
  muted: { label: "Muted", level: "none" },
};

const State = ({ of }: { of: string }) => {
  const { label, level } = STATES[of] ?? { label: of, level: "none" };
  return (
    <span className="badge" data-level={level}>
      {label}
    </span>
  );
};

/** What became of a test, in a sentence. */
const outcome = (test: Delivery | undefined): string => {
  if (test === undefined || isUnderWay(test)) return "The test is on its way.";
  if (test.status === "delivered") return `${test.channel} took the test.`;
  return `${test.channel} did not take the test: ${test.lastError ?? "no reason was given"}.`;
};

export const Channels = () => {
  const view = useView();
  const [watched, setWatched] = useState<string | null>(null);
  const channels = useChannels(view, useMay().operate).data ?? [];
  const test = useChannelTest();
  const became = useTestOutcome(watched);
  const mute = useChannelMute();
  if (channels.length === 0) return null;
  return (
    <section className="card" aria-label="Channels">
      <header className="card-head">
        <h2>Channels</h2>
        <span className="muted" role="status">
          {mute.error?.message ?? test.error?.message ?? (watched && outcome(became.data ?? undefined))}
        </span>
      </header>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Channels, scrollable">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Channel</th>
              <th scope="col">Last notice</th>
              <th scope="col" className="num">
                Delivered
              </th>
              <th scope="col" className="num">
                Pending
              </th>
              <th scope="col" className="num">
                Given up
              </th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {channels.map((each) => (
              <tr key={each.channel}>
                <td>
                  <State of={each.mutedSince == null ? each.state : "muted"} />
                </td>
                <td>
                  {each.channel}
                  {!each.configured && <span className="muted"> of another process</span>}
                  {each.mutedSince != null && (
                    <span className="muted">
                      {" "}
                      muted by {each.mutedBy}, {precise(Date.parse(each.mutedSince), view.tz)}
                    </span>
                  )}
                </td>
                <td>
                  {each.last ? precise(Date.parse(each.last.at), view.tz) : "None"}
                  {each.last?.error && <span className="path muted"> {each.last.error}</span>}
                </td>
                <td className="num">{each.delivered}</td>
                <td className="num">{each.pending}</td>
                <td className="num">{each.dead}</td>
                <td className="num">
                  {each.configured && (
                    <button
                      type="button"
                      aria-label={`Send a test to ${each.channel}`}
                      disabled={test.isPending}
                      onClick={() => test.mutate(each.channel, { onSuccess: (sent) => setWatched(sent.noticeId) })}
                    >
                      Send a test
                    </button>
                  )}
                  <button
                    type="button"
                    className="ghost"
                    aria-label={`${each.mutedSince == null ? "Mute" : "Unmute"} ${each.channel}`}
                    disabled={mute.isPending}
                    onClick={() => mute.mutate({ channel: each.channel, muted: each.mutedSince == null })}
                  >
                    {each.mutedSince == null ? "Mute" : "Unmute"}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};

// One line with the figures of the last five minutes.
import type { LiveState } from "../api/live";
import type { Snapshot } from "../api/types";
import * as number from "../format/number";

const WORDS: Readonly<Record<LiveState, string>> = {
  off: "Live updates off",
  connecting: "Connecting…",
  live: "Live",
  lost: "Connection lost. Reconnecting…",
};

interface Props {
  live: { state: LiveState; snapshot: Snapshot | null; trouble: string | null };
}

export const LiveStrip = ({ live: { state, snapshot, trouble } }: Props) => {
  const figures: [string, string][] = [
    ["requests", number.perSecond(snapshot?.requestsPerSecond)],
    ["errors", number.percent(snapshot?.errorRate)],
    ["p50", number.ms(snapshot?.p50Ms)],
    ["p95", number.ms(snapshot?.p95Ms)],
    ["p99", number.ms(snapshot?.p99Ms)],
  ];
  return (
    <section className="now" aria-label="Last five minutes" data-live={state} data-as-of={snapshot?.asOf}>
      {state !== "off" && (
        <>
          <span className="muted now-span">Last 5 min</span>
          {figures.map(([name, value]) => (
            <span key={name} className="now-figure" data-figure={name}>
              <span className="muted">{name}</span> <b>{value}</b>
            </span>
          ))}
        </>
      )}
      <span className="now-state">
        <span className="dot" aria-hidden="true" />
        {trouble ?? WORDS[state]}
      </span>
    </section>
  );
};

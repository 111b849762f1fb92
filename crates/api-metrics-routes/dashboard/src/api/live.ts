// The figures of the last five minutes, from the stream that the tabs of a browser share.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { call, urlOf } from "./client";
import { type Own, OwnFigures } from "./own";
import { follow, type Message, MISSING_UPDATES } from "./stream";
import type { Snapshot } from "./types";

export type LiveState = "off" | "connecting" | "live" | "lost";

/** How long a stream may be gone before its figures are stale. A stream that has reached its lifetime is back
 * after three seconds. */
const LOST_MS = 7_000;

const watchVisibility = (listener: () => void) => {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
};

const useVisible = (): boolean => useSyncExternalStore(watchVisibility, () => document.visibilityState !== "hidden");

const fetchOwn = (filter: string, signal: AbortSignal): Promise<Snapshot> =>
  call<Snapshot>(urlOf("api-metrics/realtime", JSON.parse(filter) as Record<string, string>), { signal });

/** The stream carries all that its user `who` may see, and waits until it is known; a tab with filters asks for its own
 * figures at each update. */
export const useLive = (
  on: boolean,
  who: string | undefined,
  filter: Readonly<Record<string, string>>,
): { state: LiveState; snapshot: Snapshot | null; trouble: string | null; stale: boolean } => {
  const [state, setState] = useState<LiveState>("off");
  const [figures, setFigures] = useState<Own<Snapshot>>({ filter: "{}", snapshot: null });
  const [own] = useState(() => new OwnFigures(fetchOwn, setFigures));
  const [trouble, setTrouble] = useState<string | null>(null);
  const [gone, setGone] = useState(false);
  const visible = useVisible();
  const asked = JSON.stringify(filter);
  const shown = useRef(asked);
  const latest = useRef<Snapshot | null>(null);
  shown.current = asked;

  useEffect(() => {
    if (!on) {
      setState("off");
      return undefined;
    }
    if (!visible) return undefined;
    setState((before) => (before === "lost" ? before : "connecting"));
    if (who === undefined) return undefined;
    let lost: number | undefined;
    let silent: number | undefined;
    let updateMs: number | undefined;
    const back = () => {
      window.clearTimeout(lost);
      lost = undefined;
      setGone(false);
    };
    const miss = () => {
      setState("lost");
      lost ??= window.setTimeout(() => setGone(true), LOST_MS);
    };
    // The tab that holds the stream may be gone too.
    const listen = () => {
      window.clearTimeout(silent);
      if (updateMs === undefined) return;
      silent = window.setTimeout(() => {
        setState("lost");
        setGone(true);
      }, MISSING_UPDATES * updateMs);
    };
    const hear = (message: Message) => {
      if (message.kind === "open") updateMs = message.updateMs;
      else if (message.kind === "update") {
        latest.current = message.snapshot;
        if (shown.current === "{}") setFigures({ filter: "{}", snapshot: message.snapshot });
        else void own.ask(shown.current);
        setState("live");
        setTrouble(null);
        back();
      } else if (message.kind === "unavailable") {
        setTrouble(message.detail);
        setState("lost");
        back();
      } else if (message.kind === "lost") {
        window.clearTimeout(silent);
        miss();
        return;
      }
      listen();
    };
    const stop = follow("api-metrics/stream", who, hear);
    return () => {
      stop();
      window.clearTimeout(lost);
      window.clearTimeout(silent);
      setGone(false);
      setTrouble(null);
    };
  }, [on, visible, who, own]);

  // Other filters have other figures, before the next update too.
  useEffect(() => {
    if (latest.current === null) return undefined;
    if (asked === "{}") setFigures({ filter: asked, snapshot: latest.current });
    else void own.ask(asked);
    return () => own.forget();
  }, [asked, own]);

  // Those of the filter before are none of this one's.
  const snapshot = figures.filter === asked ? figures.snapshot : null;
  return { state, snapshot, trouble, stale: gone || trouble !== null };
};

// The last five minutes as server-sent events. Each event is a complete snapshot.
import { useEffect, useRef, useState } from "react";
import { urlOf } from "./client";
import type { Snapshot } from "./types";

export type LiveState = "off" | "connecting" | "live" | "lost";

/** Delay before reconnecting after a refused stream, which browsers don't retry. */
const RETRY_MS = 10_000;

/** How long a stream may be gone before its figures are stale. A stream that has reached its lifetime is back
 * after three seconds. */
const LOST_MS = 7_000;

/** Updates that may be missing before a stream that says nothing counts as lost. */
const MISSING_UPDATES = 2;

export const useLive = (
  on: boolean,
  filter: Record<string, string>,
  onUpdate: () => void,
): { state: LiveState; snapshot: Snapshot | null; trouble: string | null; stale: boolean } => {
  const [state, setState] = useState<LiveState>("off");
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [gone, setGone] = useState(false);
  const update = useRef(onUpdate);
  update.current = onUpdate;
  const url = urlOf("api-metrics/stream", filter);

  useEffect(() => {
    if (!on) {
      setState("off");
      return undefined;
    }
    let source: EventSource | null = null;
    let timer: number | undefined;
    let lost: number | undefined;
    let silent: number | undefined;
    let updateMs: number | undefined;
    const back = () => {
      window.clearTimeout(lost);
      lost = undefined;
      setGone(false);
    };
    // A connection that dies without a word gives no error: the server says how often it has something to say.
    const listen = () => {
      window.clearTimeout(silent);
      if (updateMs === undefined) return;
      silent = window.setTimeout(() => {
        setState("lost");
        setGone(true);
        source?.close();
        connect();
      }, MISSING_UPDATES * updateMs);
    };
    const connect = () => {
      setState((before) => (before === "lost" ? before : "connecting"));
      source = new EventSource(url);
      source.addEventListener("metrics-stream", (event) => {
        updateMs = 1_000 * (JSON.parse(event.data as string) as { updateSeconds: number }).updateSeconds;
        listen();
      });
      source.addEventListener("metrics-update", (event) => {
        setSnapshot(JSON.parse(event.data as string) as Snapshot);
        setState("live");
        setTrouble(null);
        back();
        listen();
        update.current();
      });
      source.addEventListener("metrics-unavailable", (event) => {
        setTrouble((JSON.parse(event.data as string) as { detail?: string }).detail ?? "The store is not responding");
        setState("lost");
        back();
        listen();
      });
      source.addEventListener("error", () => {
        setState("lost");
        window.clearTimeout(silent);
        lost ??= window.setTimeout(() => setGone(true), LOST_MS);
        if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(connect, RETRY_MS);
      });
    };
    connect();
    return () => {
      source?.close();
      window.clearTimeout(timer);
      window.clearTimeout(lost);
      window.clearTimeout(silent);
      setGone(false);
      setTrouble(null);
    };
  }, [on, url]);

  return { state, snapshot, trouble, stale: gone || trouble !== null };
};

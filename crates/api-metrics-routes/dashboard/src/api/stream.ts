// The stream of the last five minutes: one a browser. The tab that leads holds it and hands on what it says; hidden
// tabs neither lead nor listen.
import { elect } from "./leader";
import type { Snapshot } from "./types";

export type Message =
  | { kind: "open"; updateMs: number }
  | { kind: "update"; snapshot: Snapshot }
  | { kind: "unavailable"; detail: string }
  | { kind: "lost" }
  /** A tab that has just come asks for the latest. */
  | { kind: "hello" };

/** Delay before reconnecting after a refused stream, which browsers don't retry. */
const RETRY_MS = 10_000;

/** Updates that may be missing before a stream that says nothing counts as lost. */
export const MISSING_UPDATES = 2;

/** Holds the stream open, and opens it anew where it is refused or falls silent. Returns what closes it. */
const hold = (url: string, say: (message: Message) => void): (() => void) => {
  let source: EventSource | null = null;
  let timer: number | undefined;
  let silent: number | undefined;
  let updateMs: number | undefined;
  // A connection that dies without a word gives no error: the server says how often it has something to say.
  const listen = () => {
    window.clearTimeout(silent);
    if (updateMs === undefined) return;
    silent = window.setTimeout(() => {
      say({ kind: "lost" });
      source?.close();
      connect();
    }, MISSING_UPDATES * updateMs);
  };
  const connect = () => {
    source = new EventSource(url);
    source.addEventListener("metrics-stream", (event) => {
      updateMs = 1_000 * (JSON.parse(event.data as string) as { updateSeconds: number }).updateSeconds;
      say({ kind: "open", updateMs });
      listen();
    });
    source.addEventListener("metrics-update", (event) => {
      say({ kind: "update", snapshot: JSON.parse(event.data as string) as Snapshot });
      listen();
    });
    source.addEventListener("metrics-unavailable", (event) => {
      const { detail } = JSON.parse(event.data as string) as { detail?: string };
      say({ kind: "unavailable", detail: detail ?? "The store is not responding" });
      listen();
    });
    source.addEventListener("error", () => {
      say({ kind: "lost" });
      window.clearTimeout(silent);
      if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(connect, RETRY_MS);
    });
  };
  connect();
  return () => {
    source?.close();
    window.clearTimeout(timer);
    window.clearTimeout(silent);
  };
};

/** The name under which tabs share a stream: two admins of one origin have one each, and so do two users. */
export const nameOf = (path: string, who: string): string => `api-metrics-stream ${path.replace(/\/$/, "")} ${who}`;

/** Follows the stream that the tabs of a user share. `hear` is called for each message; returns what stops. */
export const follow = (url: string, who: string, hear: (message: Message) => void): (() => void) => {
  const name = nameOf(window.location.pathname, who);
  const channel = new BroadcastChannel(name);
  let leads = false;
  const latest = new Map<string, Message>();
  const say = (message: Message) => {
    if (message.kind === "open") latest.set("open", message);
    else latest.set("state", message);
    channel.postMessage(message);
    hear(message);
  };
  channel.addEventListener("message", (event: MessageEvent<Message>) => {
    if (event.data.kind !== "hello") hear(event.data);
    else if (leads) for (const message of latest.values()) channel.postMessage(message);
  });
  const resign = elect(name, () => {
    leads = true;
    const close = hold(url, say);
    return () => {
      leads = false;
      close();
    };
  });
  channel.postMessage({ kind: "hello" } satisfies Message);
  return () => {
    resign();
    channel.close();
  };
};

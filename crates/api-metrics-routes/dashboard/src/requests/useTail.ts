// A live tail: requests as they arrive by server-sent events, or by asking again and again where a service has no
// such stream.
import { useCallback, useEffect, useRef, useState } from "react";
import { call, urlOf } from "../api/client";
import type { LoggedRequest, RequestPage } from "../api/types";
import { arrived, EMPTY, idAt, paused, type Tail } from "./tail";

export type TailState = "connecting" | "live" | "polling" | "lost";

/** Requests that a tail begins with. */
const BEGIN = "50";
/** Between two questions where there is no stream. */
const POLL_MS = 2_000;
/** Each so many questions go back by `BACK_MS`: samples arrive when their minute is over. */
const WIDE = 10;
const BACK_MS = 90_000;
/** Before a refused stream is tried again. */
const RETRY_MS = 60_000;
/** A stream that is silent for so many of its intervals is dead. */
const MISSING = 3;

interface Events {
  data: LoggedRequest[];
  leftOut: number;
}

export const useTail = (on: boolean, params: Record<string, string>) => {
  const [tail, setTail] = useState<Tail>(EMPTY);
  const [state, setState] = useState<TailState>("connecting");
  const [trouble, setTrouble] = useState<string | null>(null);
  const last = useRef<string | null>(null);
  const filter = JSON.stringify(params);

  useEffect(() => {
    if (!on) return undefined;
    const asked = JSON.parse(filter) as Record<string, string>;
    const stop = new AbortController();
    const timers = new Set<number>();
    let source: EventSource | null = null;
    let silent: number | undefined;
    last.current = null;
    setTail(EMPTY);
    setState("connecting");
    setTrouble(null);

    const later = (run: () => void, ms: number): number => {
      const timer = window.setTimeout(() => {
        timers.delete(timer);
        run();
      }, ms);
      timers.add(timer);
      return timer;
    };
    const take = (data: readonly LoggedRequest[], leftOut: number) => {
      for (const { id } of data) if (last.current === null || id > last.current) last.current = id;
      if (data.length > 0 || leftOut > 0) setTail((before) => arrived(before, data, leftOut));
      setTrouble(null);
    };
    const failed = (error: unknown) => {
      if (stop.signal.aborted) return;
      setState("lost");
      setTrouble(error instanceof Error ? error.message : String(error));
    };

    const polls = async (until: number) => {
      for (let n = 1; !stop.signal.aborted && Date.now() < until; n += 1) {
        const id = last.current;
        const back = id === null ? Date.now() : Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
        const after = id === null || n % WIDE === 0 ? idAt(back - BACK_MS) : id;
        try {
          const url = urlOf("api-requests", { ...asked, period: "15m", limit: "1000", after });
          const page = await call<RequestPage>(url, { signal: stop.signal });
          take(page.data, 0);
          setState("polling");
        } catch (error) {
          failed(error);
        }
        await new Promise<void>((done) => later(done, POLL_MS));
      }
    };

    const connect = () => {
      const after = last.current;
      const opened = new EventSource(urlOf("api-requests/stream", after === null ? asked : { ...asked, after }));
      source = opened;
      let interval: number | undefined;
      const heard = () => {
        window.clearTimeout(silent);
        if (interval === undefined) return;
        silent = later(() => {
          setState("lost");
          opened.close();
          connect();
        }, MISSING * interval);
      };
      opened.addEventListener("requests-stream", (event) => {
        interval = 1_000 * (JSON.parse(event.data as string) as { updateSeconds: number }).updateSeconds;
        setState("live");
        setTrouble(null);
        heard();
      });
      opened.addEventListener("requests", (event) => {
        const { data, leftOut } = JSON.parse(event.data as string) as Events;
        take(data, leftOut);
        setState("live");
        heard();
      });
      opened.addEventListener("requests-unavailable", (event) => {
        failed(new Error((JSON.parse(event.data as string) as { detail?: string }).detail ?? "The store is down"));
        heard();
      });
      opened.addEventListener("error", () => {
        window.clearTimeout(silent);
        if (stop.signal.aborted) return;
        // The browser comes back by itself, unless the stream was refused.
        if (opened.readyState !== EventSource.CLOSED) setState("lost");
        else void polls(Date.now() + RETRY_MS).then(() => !stop.signal.aborted && connect());
      });
    };

    const begin = async () => {
      try {
        const url = urlOf("api-requests", { ...asked, period: "15m", limit: BEGIN });
        take((await call<RequestPage>(url, { signal: stop.signal })).data, 0);
      } catch (error) {
        failed(error);
      }
      if (!stop.signal.aborted) connect();
    };
    void begin();
    return () => {
      stop.abort();
      source?.close();
      for (const timer of timers) window.clearTimeout(timer);
    };
  }, [on, filter]);

  const pause = useCallback((next: boolean) => setTail((before) => paused(before, next)), []);
  return { tail, state, trouble, pause };
};

// A live tail: asks every two seconds for what came after the latest that it has. A stream of its own would take one of
// the six connections that a browser has for all tabs of an origin.
import { useCallback, useEffect, useRef, useState } from "react";
import { call, urlOf } from "../api/client";
import type { LoggedRequest, RequestPage } from "../api/types";
import { arrived, EMPTY, idAt, paused, type Tail } from "./tail";

export type TailState = "connecting" | "live" | "lost";

/** Requests that a tail begins with. */
const BEGIN = "50";
/** The most that one question is answered. */
const MOST = "1000";
/** Between two questions. */
const POLL_MS = 2_000;
/** Each so many questions go back by `BACK_MS`: samples arrive when their minute is over. */
const WIDE = 10;
const BACK_MS = 90_000;
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
    const take = (data: readonly LoggedRequest[]) => {
      for (const { id } of data) if (last.current === null || id > last.current) last.current = id;
      if (data.length > 0) setTail((before) => arrived(before, data, 0));
      setTrouble(null);
    };
    const failed = (error: unknown) => {
      if (stop.signal.aborted) return;
      setState("lost");
      setTrouble(error instanceof Error ? error.message : String(error));
    };

    const poll = async () => {
      for (let n = 1; !stop.signal.aborted; n += 1) {
        await new Promise<void>((done) => later(done, POLL_MS));
        if (document.visibilityState === "hidden") continue;
        const id = last.current;
        const back = id === null ? Date.now() : Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
        const after = id === null || n % WIDE === 0 ? idAt(back - BACK_MS) : id;
        try {
          const url = urlOf("api-requests", { ...asked, period: "15m", limit: MOST, after });
          const page = await call<RequestPage>(url, { signal: stop.signal });
          take(page.data);
          setState("live");
        } catch (error) {
          failed(error);
        }
      }
    };

    const begin = async () => {
      try {
        const url = urlOf("api-requests", { ...asked, period: "15m", limit: BEGIN });
        take((await call<RequestPage>(url, { signal: stop.signal })).data);
        setState("live");
      } catch (error) {
        failed(error);
      }
      await poll();
    };
    void begin();
    return () => {
      stop.abort();
      for (const timer of timers) window.clearTimeout(timer);
    };
  }, [on, filter]);

  const pause = useCallback((next: boolean) => setTail((before) => paused(before, next)), []);
  return { tail, state, trouble, pause };
};

// One tab of a browser leads, and another takes over when it resigns or is gone.

/** Starts what the leader does, and returns what ends it. */
export type Lead = () => () => void;

/** How long a lease lasts that is not renewed. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;

interface Lease {
  id: string;
  until: number;
}

/** Whether a tab may take the lease: nobody has it, its time is over, or it is the tab's own. */
export const isFree = (stored: string | null, id: string, now: number): boolean => {
  try {
    const lease = JSON.parse(stored ?? "null") as Lease | null;
    // A lease far in the future is that of a clock that was wrong.
    return lease === null || lease.id === id || lease.until <= now || lease.until > now + 2 * LEASE_MS;
  } catch {
    return true;
  }
};

/** Pages without TLS have no Web Locks: a lease in the storage that the tabs share takes their place. Two tabs that
 * take it in the same moment find out at the next renewal. */
const byLease = (name: string, lead: Lead): (() => void) => {
  const id = Math.random().toString(36).slice(2);
  let end: (() => void) | null = null;
  const step = () => {
    let mine = true;
    try {
      mine = isFree(window.localStorage.getItem(name), id, Date.now());
      if (mine) window.localStorage.setItem(name, JSON.stringify({ id, until: Date.now() + LEASE_MS }));
    } catch {
      // Without storage each tab leads itself.
    }
    if (mine) end ??= lead();
    else {
      end?.();
      end = null;
    }
  };
  step();
  const timer = window.setInterval(step, RENEW_MS);
  const resign = () => {
    window.clearInterval(timer);
    window.removeEventListener("pagehide", resign);
    end?.();
    if (end !== null) {
      try {
        window.localStorage.removeItem(name);
      } catch {
        // As above.
      }
    }
    end = null;
  };
  window.addEventListener("pagehide", resign);
  return resign;
};

const byLock = (name: string, lead: Lead): (() => void) => {
  const stop = new AbortController();
  let release = () => {};
  navigator.locks
    .request(
      name,
      { signal: stop.signal },
      () =>
        new Promise<void>((done) => {
          const end = lead();
          release = () => {
            end();
            done();
          };
        }),
    )
    // Resigned while it waited.
    .catch(() => undefined);
  return () => {
    stop.abort();
    release();
  };
};

/** Leads as soon as no other tab does under this name. Returns what resigns. */
export const elect = (name: string, lead: Lead): (() => void) =>
  navigator.locks ? byLock(name, lead) : byLease(name, lead);

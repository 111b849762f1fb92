// Measures connections of WebRTC in a page, and reports them as events of the kind `webrtc`. No dependency.
//
//   import { measure } from "https://metrics.example/ingest/v1/webrtc.js";
//   const stop = measure(connection, { url: "https://metrics.example/ingest", token: "amw_…", name: "call" });
//
// A worker keeps the time, because timers of pages in the background are slowed down, works out what has happened
// since the sample before, and posts it. The page only asks its connection for `getStats()`, which workers can't.

// Never more often than this, in milliseconds.
const SHORTEST = 5_000;
const USUAL = 15_000;

// Runs in the worker: refers to nothing outside of itself.
const sampler = () => {
  // Events that wait while nobody answers: beyond these, older ones are left out.
  const MOST = 20;
  const waiting = [];
  let settings;
  let last = new Map();
  let relayed = 0;
  let known = 0;
  let pausedUntil = 0;
  let sending = Promise.resolve();

  // What each pair and stream had counted: a connection changes its pair, and the new one counts from nothing.
  const event = (now, failed) => {
    const counted = new Map(now.counters.map((one) => [one.id, one]));
    const since = (name) =>
      now.counters.reduce((sum, one) => sum + Math.max(0, one[name] - (last.get(one.id)?.[name] ?? 0)), 0);
    const made = {
      kind: "webrtc",
      name: settings.name,
      time: Date.now(),
      outcome: failed ? "error" : "success",
      bytesSent: since("bytesSent"),
      bytesReceived: since("bytesReceived"),
      packetsReceived: since("packetsReceived"),
      packetsLost: since("packetsLost"),
    };
    if (now.candidateType) made.candidateType = now.candidateType;
    if (now.roundTripMs !== undefined) made.roundTripMs = now.roundTripMs;
    last = new Map([...last, ...counted]);
    return made;
  };

  const send = async (last) => {
    while (waiting.length > 0 && (last || Date.now() >= pausedUntil)) {
      const [{ key, body }] = waiting;
      let answer = null;
      try {
        answer = await fetch(`${settings.url}/v1/events`, {
          method: "POST",
          keepalive: true,
          headers: {
            Authorization: `Bearer ${settings.token}`,
            "Content-Type": "application/json",
            "Idempotency-Key": key,
          },
          body,
        });
      } catch {
        // Nobody answers: it is sent again with the next one, under its key.
      }
      if (answer === null || answer.status === 429 || answer.status >= 500) {
        const seconds = Number(answer?.headers.get("retry-after")) || 0;
        pausedUntil = Date.now() + seconds * 1_000;
        return;
      }
      // Counted, or refused for good.
      waiting.shift();
    }
  };

  self.onmessage = async ({ data }) => {
    if (data.settings) {
      settings = data.settings;
      setInterval(() => self.postMessage("sample"), settings.every);
      self.postMessage("sample");
      return;
    }
    if (data.stats) {
      const made = event(data.stats, data.failed);
      if (made.candidateType) {
        known += 1;
        relayed += made.candidateType === "relay" ? 1 : 0;
      }
      waiting.push({ key: crypto.randomUUID(), body: JSON.stringify(made) });
      // The first may be on its way.
      while (waiting.length > MOST) waiting.splice(1, 1);
      // Of the samples so far, those that went over a relay; null: nobody knows yet.
      self.postMessage({ event: made, relayShare: known > 0 ? relayed / known : null });
      // One after the other: two at once would both take the first, and the second be left out.
      sending = sending.then(() => send(data.last));
      await sending;
    }
    if (data.last) {
      self.postMessage("done");
      self.close();
    }
  };
};

// What a connection has counted since it began, and how it is connected now.
const read = async (connection) => {
  const all = [...(await connection.getStats()).values()];
  const of = (id) => all.find((one) => one.id === id);
  const transport = all.find((one) => one.type === "transport" && one.selectedCandidatePairId);
  const pair =
    of(transport?.selectedCandidatePairId) ??
    all.find((one) => one.type === "candidate-pair" && (one.selected || (one.nominated && one.state === "succeeded")));
  // A pair counts bytes, a stream packets; nobody counts below nothing.
  const counters = all
    .filter((one) => one.type === "candidate-pair" || one.type === "inbound-rtp")
    .map(({ id, type, ...one }) => {
      const number = (of, name) => (type === of ? Math.max(0, one[name] ?? 0) : 0);
      return {
        id,
        bytesSent: number("candidate-pair", "bytesSent"),
        bytesReceived: number("candidate-pair", "bytesReceived"),
        packetsReceived: number("inbound-rtp", "packetsReceived"),
        packetsLost: number("inbound-rtp", "packetsLost"),
      };
    });
  const types = [of(pair?.localCandidateId)?.candidateType, of(pair?.remoteCandidateId)?.candidateType];
  return {
    // Either end over a relay is a relay.
    candidateType: types.includes("relay") ? "relay" : types[0],
    roundTripMs: pair?.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime * 1_000,
    counters,
  };
};

/**
 * Reports a connection every 15 seconds, or every `every` milliseconds, 5,000 at least, until it ends or `stop()`
 * is called.
 *
 * `url`: where ingest is mounted. `token`: a browser's, bound to this page's origin. `name`: what the connection is
 * for, one of few. `onSample`: gets each event and the share of samples that went over a relay.
 */
export const measure = (connection, { url, token, name = "call", every = USUAL, onSample }) => {
  const source = new Blob([`(${sampler})()`], { type: "text/javascript" });
  const address = URL.createObjectURL(source);
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  let before = null;
  let ended = false;
  const failed = () => connection.connectionState === "failed";
  const sample = async (last) => {
    // What a closed connection had counted can't be asked for any more.
    const stats = await read(connection).catch(() => before);
    before = stats ?? before;
    worker.postMessage({ stats, failed: failed(), last });
  };
  const stop = () => {
    if (ended) return;
    ended = true;
    connection.removeEventListener("connectionstatechange", changed);
    removeEventListener("pagehide", stop);
    void sample(true);
  };
  const changed = () => {
    if (failed() || connection.connectionState === "closed") stop();
  };
  worker.onmessage = ({ data }) => {
    if (data === "done") worker.terminate();
    else if (data !== "sample") onSample?.(data);
    else if (!ended) void sample(false);
  };
  connection.addEventListener("connectionstatechange", changed);
  addEventListener("pagehide", stop);
  worker.postMessage({ settings: { url, token, name, every: Math.max(SHORTEST, every) } });
  return stop;
};

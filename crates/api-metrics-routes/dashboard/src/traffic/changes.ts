// What differs between two ranges, and how surely. A range of another length is compared by what one as long would have
// had.

export type Kind = "silent" | "new" | "errors" | "slower" | "more" | "fewer";

export const KINDS: Readonly<Record<Kind, string>> = {
  silent: "Gone silent",
  new: "New",
  errors: "More errors",
  slower: "Slower",
  more: "More requests",
  fewer: "Fewer requests",
};

/** One endpoint or consumer in one of the ranges. */
export interface Counted {
  requestCount: number;
  errorRate?: number | null | undefined;
  p95Ms?: number | null | undefined;
}

export interface Change {
  kind: Kind;
  /** By how many standard deviations, about: the order of the list. */
  score: number;
}

/** Fewer requests in either range say nothing. */
const ENOUGH = 20;
/** Deviations from which a difference is told. */
const SURE = 3;

const NOTHING: Counted = { requestCount: 0 };

/** The difference of two shares, in standard deviations. */
const apart = (now: Counted, then: Counted): number => {
  const [p, q] = [(now.errorRate ?? 0) / 100, (then.errorRate ?? 0) / 100];
  const [n, m] = [now.requestCount, then.requestCount];
  const both = (p * n + q * m) / (n + m);
  const deviation = Math.sqrt(both * (1 - both) * (1 / n + 1 / m));
  return deviation === 0 ? 0 : (p - q) / deviation;
};

/** What has changed, the surest first; nothing where there is too little to tell. `scale` is how many times as long the
 * range is as the one before. */
export const changesOf = (now: Counted = NOTHING, then: Counted = NOTHING, scale = 1): Change[] => {
  const [n, m] = [now.requestCount, then.requestCount];
  // What either range would have had at the other's length, which must be enough too.
  const [expected, back] = [m * scale, n / scale];
  if (n === 0) {
    const gone = Math.min(m, expected);
    return gone < ENOUGH ? [] : [{ kind: "silent", score: Math.sqrt(gone) }];
  }
  if (m === 0) {
    const come = Math.min(n, back);
    return come < ENOUGH ? [] : [{ kind: "new", score: Math.sqrt(come) }];
  }
  if (Math.max(n, m) < ENOUGH) return [];
  const found: Change[] = [];
  if (Math.min(n, m) >= ENOUGH) {
    const more = apart(now, then);
    if (more >= SURE && (now.errorRate ?? 0) - (then.errorRate ?? 0) >= 0.5)
      found.push({ kind: "errors", score: more });
    const ratio = now.p95Ms != null && then.p95Ms ? now.p95Ms / then.p95Ms : 1;
    // A p95 of few requests is that of one or two of them.
    const slower = Math.log2(ratio) * Math.sqrt(Math.min(n, m) / 20) * 2;
    if (ratio >= 1.25 && slower >= SURE && (now.p95Ms ?? 0) - (then.p95Ms ?? 0) >= 1)
      found.push({ kind: "slower", score: slower });
  }
  // Traffic comes in bursts, so that its deviation is far above that of single requests.
  const busier = (n - expected) / Math.sqrt(n + expected * scale) / 3;
  if (busier >= SURE && n >= 1.5 * expected) found.push({ kind: "more", score: busier });
  if (busier <= -SURE && expected >= 1.5 * n) found.push({ kind: "fewer", score: -busier });
  return found.sort((a, b) => b.score - a.score);
};

export interface Changed<Row> extends Change {
  id: string;
  now: Row | undefined;
  /** With the requests that a range as long as the page's would have had. */
  before: Row | undefined;
}

/** All changes between two lists, the surest first. */
export const ranked = <Row extends Counted>(
  now: readonly Row[],
  then: readonly Row[],
  idOf: (row: Row) => string,
  scale = 1,
): Changed<Row>[] => {
  const scaled = (row: Row | undefined) => row && { ...row, requestCount: Math.round(row.requestCount * scale) };
  const before = new Map(then.map((row) => [idOf(row), row]));
  const after = new Map(now.map((row) => [idOf(row), row]));
  return [...new Set([...after.keys(), ...before.keys()])]
    .flatMap((id) => {
      const [a, b] = [after.get(id), before.get(id)];
      return changesOf(a, b, scale).map((change) => ({
        ...change,
        id: `${change.kind} ${id}`,
        now: a,
        before: scaled(b),
      }));
    })
    .sort((a, b) => b.score - a.score);
};

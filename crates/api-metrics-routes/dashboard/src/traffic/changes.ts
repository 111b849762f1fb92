// What differs between two ranges of the same length, and how surely.

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

/** What has changed, the surest first; nothing where there is too little to tell. */
export const changesOf = (now: Counted = NOTHING, then: Counted = NOTHING): Change[] => {
  const [n, m] = [now.requestCount, then.requestCount];
  if (n === 0) return m < ENOUGH ? [] : [{ kind: "silent", score: Math.sqrt(m) }];
  if (m === 0) return n < ENOUGH ? [] : [{ kind: "new", score: Math.sqrt(n) }];
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
  const busier = (n - m) / Math.sqrt(n + m) / 3;
  if (busier >= SURE && n >= 1.5 * m) found.push({ kind: "more", score: busier });
  if (busier <= -SURE && m >= 1.5 * n) found.push({ kind: "fewer", score: -busier });
  return found.sort((a, b) => b.score - a.score);
};

export interface Changed<Row> extends Change {
  id: string;
  now: Row | undefined;
  before: Row | undefined;
}

/** All changes between two lists, the surest first. */
export const ranked = <Row extends Counted>(
  now: readonly Row[],
  then: readonly Row[],
  idOf: (row: Row) => string,
): Changed<Row>[] => {
  const before = new Map(then.map((row) => [idOf(row), row]));
  const after = new Map(now.map((row) => [idOf(row), row]));
  return [...new Set([...after.keys(), ...before.keys()])]
    .flatMap((id) => {
      const [a, b] = [after.get(id), before.get(id)];
      return changesOf(a, b).map((change) => ({ ...change, id: `${change.kind} ${id}`, now: a, before: b }));
    })
    .sort((a, b) => b.score - a.score);
};

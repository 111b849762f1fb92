// The range that the page's own is compared with, as the URL names it.
import { daysBefore } from "../format/time";
import type { Params } from "./location";
import { spanOf, type View } from "./view";

const WEEK_MS = 604_800_000;

export interface Compared {
  from: number;
  to: number;
  /** How much later the page's own range is, in milliseconds. */
  shift: number;
  /** In words, such as "last week". */
  name: string;
}

/** The first process of a version. */
export interface Release {
  version: string;
  at: number;
}

/** `vs` of a release. */
export const beforeRelease = (version: string): string => `release:${version}`;

/**
 * The compared range, which is as long as the page's; null where nothing is compared, or where it can't be told yet.
 * Last week is the same hours of the same days, however long the range: a month is moved by whole weeks. Its end is
 * moved by the clocks of the view's zone.
 */
export const comparedOf = (
  params: Params,
  view: View,
  now: number,
  releases: readonly Release[],
): Compared | null => {
  const { from, to } = spanOf(view, now);
  const length = to - from;
  const until = (end: number, name: string): Compared => ({
    from: end - length,
    to: end,
    shift: to - end,
    name,
  });
  const { vs } = params;
  if (vs === "previous") return until(from, "the previous range");
  if (vs === "week") {
    const weeks = Math.max(1, Math.ceil(length / WEEK_MS));
    return until(daysBefore(to, 7 * weeks, view.tz), weeks === 1 ? "last week" : `${weeks} weeks before`);
  }
  if (vs === "custom") {
    const start = Date.parse(params.vsFrom ?? "");
    return Number.isNaN(start) ? null : until(start + length, "the chosen range");
  }
  const release = releases.find(({ version }) => vs === beforeRelease(version));
  return release ? until(release.at, `before ${release.version}`) : null;
};

// Releases in words, and the charts of a rollout.
import type { Release, Rollout } from "../api/types";
import type { Series, TimeChartModel } from "../charts/model";
import type { Slots } from "../charts/periods";
import * as number from "../format/number";
import { iso, wallOf } from "../format/time";

export const VERDICTS: Readonly<Record<string, { label: string; level: string }>> = {
  worse: { label: "Worse", level: "bad" },
  better: { label: "Better", level: "good" },
  no_difference: { label: "No difference", level: "none" },
  too_few: { label: "Too few to tell", level: "none" },
};

/** A release's place in a list that shows the worst first. */
export const RANK: Readonly<Record<string, number>> = { worse: 0, better: 1, no_difference: 2, too_few: 3 };

export const idOf = (release: Release): string => `${release.service}/${release.environment}/${release.version}`;

/** What a release is held against, in words. */
export const COMPARED: Readonly<Record<string, string>> = {
  side_by_side: "the same five minutes, while both were live",
  day_before: "the same hours the day before",
  just_before: "the time just before it",
};

type Comparison = NonNullable<Release["comparison"]>;
type Difference = Comparison["errors"];

/** `+1.60 points, +1.02 to +2.21`, with what follows from it. */
export const difference = (of: Difference, unit: "points" | "%"): string => {
  if (of.value == null || of.low == null || of.high == null) return "too few requests to tell";
  const digits = unit === "%" ? 0 : 2;
  const say = (value: number): string => number.signed(value, digits, unit === "%" ? "%" : "");
  const points = unit === "%" ? "" : " points";
  const certain = of.low > 0 || of.high < 0;
  const follows =
    of.verdict === "no_difference"
      ? certain
        ? ": too little to matter"
        : ": no difference that this traffic can show"
      : `: ${of.verdict}`;
  return `${say(of.value)}${points}, ${say(of.low)} to ${say(of.high)}${follows}`;
};

/** `0.41% → 0.44%` */
export const change = (
  comparison: Release["comparison"],
  of: (figures: Comparison["after"]) => number | null | undefined,
  say: (value: number | null | undefined) => string,
): string => (comparison ? `${say(of(comparison.before))} → ${say(of(comparison.after))}` : number.NONE);

const HOUR = 3_600_000;
const FIVE = 300_000;

/** What is shown of a rollout: up to six hours before a release, and as long as it lived, a day at most. */
export const shown = (release: Release, now: number): { from: string; to: string } => {
  const first = Math.floor(Date.parse(release.firstAt) / FIVE) * FIVE;
  const lived = Date.parse(release.lastAt) - first;
  const span = [HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR].find((each) => lived <= each) ?? 24 * HOUR;
  const end = Math.max(first + FIVE, Math.min(first + span, Math.ceil(now / FIVE) * FIVE));
  return { from: iso(first - Math.min(span, 6 * HOUR)), to: iso(end) };
};

/** The steps of a rollout, in hours where nothing finer is kept. */
const slotsOf = (rollout: Rollout, tz: string): Slots => {
  const all = rollout.versions.flatMap(({ steps }) => steps.map(({ at }) => Date.parse(at)));
  const hourly = all.length > 1 && all.every((at) => at % HOUR === 0);
  const length = hourly ? HOUR : rollout.stepSeconds * 1_000;
  const from = Math.floor(Date.parse(rollout.from) / length) * length;
  const starts: number[] = [];
  for (let at = from; at < Date.parse(rollout.to); at += length) starts.push(at);
  const walls = starts.map((at) => wallOf(at, tz));
  const end = (starts[starts.length - 1] ?? from) + length;
  return { starts, end, step: hourly ? "1h" : "5m", walls, moved: false };
};

type Step = Rollout["versions"][number]["steps"][number];

/** A chart of a rollout: a line a version, with the release marked. Other versions than the two are muted. */
export const chartOf = (
  rollout: Rollout,
  release: Release,
  tz: string,
  of: (step: Step) => number | null | undefined,
  how: Pick<TimeChartModel, "short" | "unit" | "exact">,
): TimeChartModel => {
  const slots = slotsOf(rollout, tz);
  const series = rollout.versions.map(({ version, steps }): Series => {
    const at = new Map(steps.map((step) => [Date.parse(step.at), step]));
    const isNew = version === release.version;
    return {
      id: version,
      name: version,
      colour: isNew ? "p95" : version === release.comparison?.previous ? "p50" : "ghost",
      kind: "line",
      width: isNew ? 2 : 1.5,
      dash: !isNew && version !== release.comparison?.previous,
      values: slots.starts.map((start) => {
        const step = at.get(start);
        return step === undefined ? null : (of(step) ?? null);
      }),
    };
  });
  return {
    slots,
    series,
    ...how,
    marks: [{ at: Date.parse(release.firstAt), name: release.version, kind: "deploy" }],
    running: false,
  };
};

// What the table of limits says in words.
import type { Headroom, LimitForecast } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { clock, moment } from "../format/time";

/** An instant: the time of the day within 24 hours, else with its date. */
export const when = (text: string, asOf: string, tz: string): string => {
  const [at, now] = [Date.parse(text), Date.parse(asOf)];
  if (at <= now) return "Now";
  return at - now < 86_400_000 ? clock(at, tz) : moment(at, tz);
};

const WEEKS = ["", "the last week", "the last 2 weeks", "the last 3 weeks", "the last 4 weeks"];

/** On what a forecast rests. */
export const basis = (forecast: LimitForecast): string =>
  forecast.weeks === 0
    ? "Less than a week of history: no forecast"
    : `By the same hours of ${WEEKS[forecast.weeks] ?? WEEKS[4]}`;

/** When a quota is used up. */
export const usedUp = (quota: NonNullable<Headroom["quota"]>, asOf: string, tz: string): string => {
  if (quota.remaining === 0) return "Used up";
  if (quota.forecast.at != null) return when(quota.forecast.at, asOf, tz);
  return quota.forecast.weeks === 0 ? "No forecast yet" : "Not before the reset";
};

/** What a consumer hits first, in a sentence; null where no forecast says so. */
export const hits = (row: Headroom, asOf: string, tz: string): string | null => {
  if (row.hitsAt == null) return null;
  const name = consumerName(row);
  const at = when(row.hitsAt, asOf, tz);
  const { rate, quota } = row;
  if (quota && quota.remaining === 0) return `${name} has used up its quota of ${number.count(quota.limit)}`;
  if (quota?.forecast.at != null && quota.forecast.at === row.hitsAt)
    return `${name} uses up its quota at ${at}. ${basis(quota.forecast)}`;
  if (!rate) return null;
  const limit = `its limit of ${number.count(rate.limit)} a minute`;
  if (rate.used >= rate.limit) return `${name} has reached ${limit}`;
  return rate.forecast.at != null && rate.forecast.at === row.hitsAt
    ? `${name} reaches ${limit} at ${at}. ${basis(rate.forecast)}`
    : `${name} reaches ${limit} within this minute`;
};

/** What was over a bound, such as "48 requests in 3 minutes". */
export const over = (amount: number, minutes: number, unit = "request"): string => {
  if (minutes === 0) return "Nothing";
  const what = unit === "request" ? number.plural(amount, unit) : `${number.count(amount)} ${unit}`;
  return `${what} in ${number.plural(minutes, "minute")}`;
};

/** A whole number of a form; undefined where it is none, null where nothing stands there. */
export const whole = (text: string): number | null | undefined => {
  const plain = text.trim().replaceAll(",", "");
  if (plain === "") return null;
  const value = Number(plain);
  return /^\d{1,16}$/.test(plain) && value <= 1e15 ? value : undefined;
};

/** A quota's period of a form; undefined where it is none. */
export const period = (text: string): string | undefined => {
  const plain = text.trim();
  const days = /^([1-9]\d{0,2})d$/.exec(plain);
  return plain === "month" || (days && Number(days[1]) <= 366) ? plain : undefined;
};

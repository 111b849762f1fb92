// Times in the chosen time zone, by the browser's own zone data.
import { LOCALE } from "./locale";

const formats = new Map<string, Intl.DateTimeFormat>();

const format = (tz: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${tz} ${name}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: tz, calendar: "gregory", hourCycle: "h23" });
    formats.set(key, found);
  }
  return found;
};

const PARTS: Intl.DateTimeFormatOptions = {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
};

interface Local {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** The zone's wall clock at `at`, in milliseconds since the epoch. */
export const local = (at: number, tz: string): Local => {
  const found: Record<string, number> = {};
  for (const part of format(tz, "parts", PARTS).formatToParts(at)) {
    if (part.type !== "literal") found[part.type] = Number(part.value);
  }
  return found as unknown as Local;
};

/** The zone's offset from UTC at `at`, in milliseconds; positive east of Greenwich. */
const offset = (at: number, tz: string): number => {
  const l = local(at, tz);
  return Date.UTC(l.year, l.month - 1, l.day, l.hour, l.minute, l.second) - Math.floor(at / 1000) * 1000;
};

/** The wall clock time of an instant, read as UTC: what `instant` takes. */
export const wallOf = (at: number, tz: string): number => at + offset(at, tz);

/** The instant of a wall clock time. An ambiguous time gives the earlier instant, a skipped one moves past the gap. */
export const instant = (wall: number, tz: string): number => {
  // The offsets a day before and a day after are those on both sides of a change nearby.
  const before = wall - offset(wall - 86_400_000, tz);
  if (before + offset(before, tz) === wall) return before;
  const after = wall - offset(wall + 86_400_000, tz);
  return after + offset(after, tz) === wall ? after : before;
};

/** The same time of another day, whatever clocks did meanwhile. */
export const daysBefore = (at: number, days: number, tz: string): number =>
  instant(wallOf(at, tz) - days * 86_400_000, tz);

export const clock = (at: number, tz: string): string =>
  format(tz, "clock", { hour: "2-digit", minute: "2-digit" }).format(at);

export const day = (at: number, tz: string): string =>
  format(tz, "day", { day: "numeric", month: "short" }).format(at);

export const weekday = (at: number, tz: string): string =>
  format(tz, "weekday", { weekday: "short", day: "numeric", month: "short" }).format(at);

/** The date of a wall clock time that is read as UTC. */
export const date = (wall: number): string =>
  format("UTC", "date", { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(wall);

/** The month of a wall clock time that is read as UTC. */
export const month = (wall: number): string =>
  format("UTC", "month", { month: "short", year: "numeric" }).format(wall);

export const precise = (at: number, tz: string): string =>
  format(tz, "precise", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).format(at);

/** A short date and time: the year only if it is not this year's, seconds only if they are not zero. */
export const moment = (at: number, tz: string): string => {
  const l = local(at, tz);
  const options: Intl.DateTimeFormatOptions = {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...(l.second === 0 ? {} : { second: "2-digit" }),
    ...(l.year === local(Date.now(), tz).year ? {} : { year: "numeric" }),
  };
  return format(tz, `moment ${l.second === 0} ${options.year ?? ""}`, options).format(at);
};

/** An instant to the millisecond, such as "29 Nov, 03:10:20.268". */
export const stamp = (at: number, tz: string): string =>
  format(tz, "stamp", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  }).format(at);

/** A period, such as "Thu 5 Nov, 09:00 – 10:00"; whole days without a time. */
export const span = (from: number, to: number, tz: string): string => {
  const sameDay = day(from, tz) === day(to - 1, tz);
  if (to - from >= 82_800_000) {
    return sameDay ? weekday(from, tz) : `${weekday(from, tz)} – ${weekday(to - 1, tz)}`;
  }
  return `${weekday(from, tz)}, ${clock(from, tz)} – ${sameDay ? "" : `${day(to, tz)} `}${clock(to, tz)}`;
};

/** A date and a time as they are typed. Browsers' own fields have clocks of twelve hours in some locales. */
export const toInput = (at: number, tz: string): string => {
  const l = local(at, tz);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${l.year}-${two(l.month)}-${two(l.day)} ${two(l.hour)}:${two(l.minute)}`;
};

export const fromInput = (text: string, tz: string): number | null => {
  const typed = /^(\d{4}-\d\d-\d\d)(?:[ T]+(\d\d?):(\d\d)(:\d\d)?)?$/.exec(text.trim());
  if (!typed) return null;
  const [, day, hour = "0", minute = "00", second = ""] = typed;
  const wall = Date.parse(`${day}T${hour.padStart(2, "0")}:${minute}${second}Z`);
  return Number.isNaN(wall) ? null : instant(wall, tz);
};

export const iso = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

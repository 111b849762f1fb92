// Requests of the log in words.
import type { LoggedRequest } from "../api/types";
import * as number from "../format/number";

type Weighed = Pick<LoggedRequest, "weight" | "countedStatus" | "outcome"> & { kind?: string };

/** Whether a request is one of the errors that are all kept. */
const isFailure = (row: Weighed): boolean =>
  row.countedStatus >= 500 || row.outcome === "failed" || row.outcome === "panicked";

/** "all errors", "1 in 20 of the rest"; null without rows. */
const share = (rows: readonly Weighed[], name: string): string | null => {
  if (rows.length === 0) return null;
  const each = rows.reduce((sum, row) => sum + row.weight, 0) / rows.length;
  if (each === 1) return `all ${name === "the rest" ? "of the rest" : name}`;
  return `1 in ${+each.toPrecision(each < 10 ? 2 : 3)} of ${name}`;
};

/** For how many requests these stand, by kind: "all errors, 1 in 20 of the rest". */
export const weightWords = (all: readonly Weighed[]): string => {
  const rows = all.filter((row) => row.kind !== "event");
  const events = all.length - rows.length;
  if (events === 0) return requestWords(rows);
  const said = number.plural(events, "event");
  return rows.length === 0 ? said : `${requestWords(rows)}; ${said}`;
};

const requestWords = (rows: readonly Weighed[]): string => {
  const stands = rows.reduce((sum, row) => sum + row.weight, 0);
  if (stands === rows.length) return `${number.plural(stands, "request")}, each one kept`;
  const failures = rows.filter(isFailure);
  const others = rows.filter((row) => !isFailure(row));
  const client = others.filter((row) => row.countedStatus >= 400);
  const rest = others.filter((row) => row.countedStatus < 400);
  const whole = [...failures, ...client].every((row) => row.weight === 1);
  const parts = whole
    ? [share([...failures, ...client], "errors"), share(rest, "the rest")]
    : [share(failures, "server errors"), share(client, "client errors"), share(rest, "the rest")];
  const words = parts.filter((part) => part !== null).join(", ");
  return `${number.count(rows.length)} kept of ${number.plural(stands, "request")}: ${words}`;
};

const REASONS: Readonly<Record<string, string>> = {
  everything: "all requests of this route are kept",
  error: "all errors are kept",
  client_error: "a sample of this minute's client errors",
  slow: "among the slowest of its minute",
  sample: "drawn at random from its minute",
  event: "logged outside of all requests",
};

/** Why a request was kept, and for how many it stands. */
export const keptBecause = ({ weight, reason }: Pick<LoggedRequest, "weight" | "reason">): string => {
  const why = REASONS[reason] ?? reason;
  return weight === 1 ? `Stands for itself: ${why}` : `Stands for ${number.count(weight)} requests: ${why}`;
};

/** The status as it is shown, and what is not in it: how the request ended. */
export const ending = ({
  countedStatus,
  outcome,
}: Pick<LoggedRequest, "countedStatus" | "outcome">): [string, string | null] => [
  String(countedStatus),
  outcome === "completed" ? null : outcome,
];

/** What an error said, with its kind. */
export const errorText = ({
  errorType,
  message,
}: {
  errorType?: string | null | undefined;
  message?: string | null | undefined;
}): string => [errorType, message].filter((part) => part != null && part !== "").join(": ");

const COUNTRIES = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** A country by its English name; what is no code stays as it is. */
export const countryName = (code: string | null | undefined): string => {
  if (code == null) return "Unknown";
  try {
    return COUNTRIES.of(code) ?? code;
  } catch {
    return code;
  }
};

/** Where a client is, from the city to the country; null where nothing is known of it. */
export const placeText = (
  row: Partial<Pick<LoggedRequest, "city" | "region" | "country" | "latitude" | "longitude">>,
): string | null => {
  if (row.country == null) return null;
  const names = [row.city, row.region, countryName(row.country)].filter((name) => name != null && name !== "");
  const point = row.latitude == null || row.longitude == null ? "" : ` (${row.latitude}, ${row.longitude})`;
  return names.join(", ") + point;
};

type Drops = Readonly<Record<string, number>>;

const DROPS: Readonly<Record<string, string>> = {
  rate: "beyond the rows a second",
  bytes: "beyond the bytes a second",
  memory: "beyond the memory",
  late: "too late",
  refused: "refused by the database",
};

/** What the log has dropped, by reason; null where it has dropped nothing. */
export const droppedWords = ({ chosen, dropped }: { chosen: number; dropped: Drops }): string | null => {
  const some = Object.entries(dropped).filter(([, n]) => n > 0);
  if (some.length === 0) return null;
  const total = some.reduce((sum, [, n]) => sum + n, 0);
  const reasons = some.map(([reason, n]) => `${number.count(n)} ${DROPS[reason] ?? reason}`);
  return `The log has dropped ${number.count(total)} of ${number.count(chosen)} chosen so far: ${reasons.join(", ")}`;
};

/** "New in 1.9.1" where a group began in the range; else null. */
export const newIn = (
  group: { firstSeenAt?: string | null | undefined; firstVersion?: string | null | undefined },
  from: string,
): string | null =>
  group.firstVersion && group.firstSeenAt && Date.parse(group.firstSeenAt) >= Date.parse(from)
    ? `New in ${group.firstVersion}`
    : null;
